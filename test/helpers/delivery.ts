import { finished } from 'node:stream/promises';
import { expect, onTestFailed, onTestFinished } from 'vitest';
import { type Emulator, startEmulator } from '../../src/emulator/index.js';
import {
  type AppendErrorCode,
  AppendWritable,
  type AppendWritableOptions,
  ChecksumError,
  CredentialsError,
  DivergedError,
  LinesDroppedError,
  NotAppendableError,
  ObjectExistsError,
  ObjectFullError,
  ObjectMissingError,
  OssRequestError,
  OssServiceError,
  RecordTooLongError,
  RetriesExhaustedError,
  ShutdownTimeoutError,
  SourceObjectError,
  UnconfirmedError,
} from '../../src/index.js';
import { append } from '../emulator/signed-request.js';
import { type HttpProxy, startHttpProxy } from './http-proxy.js';
import { connectionTo } from './open-stream.js';

export const key = 'a.log';

/** The writes of a delivery; each makes one chunk. */
export const chunks = ['aaaa', 'bbbb', 'cc'];

/** A chunk of a stream at which something goes wrong. */
export interface Place {
  readonly place: string;

  /** Number of the chunk, from 1. */
  readonly nth: number;

  /** Content of the object before the stream; if empty, there is no object. */
  readonly base: string;
}

export const newObject: Place = { place: 'the first chunk of a new object', nth: 1, base: '' };
export const oldObject: Place = { place: 'the first chunk of an old object', nth: 1, base: 'old.' };
export const middle: Place = { place: 'a middle chunk', nth: 2, base: '' };
export const last: Place = { place: 'the last chunk', nth: 3, base: '' };

/** Content of the object before the chunk at `place`. */
export function contentBefore({ nth, base }: Place): string {
  return base + chunks.slice(0, nth - 1).join('');
}

export function chunkAt({ nth }: Place): string {
  return chunks[nth - 1] as string;
}

/** An emulator behind a proxy that a test can tell to interfere. */
export interface Stage {
  readonly emulator: Emulator;
  readonly proxy: HttpProxy;
}

/** Starts both until the end of the test, with an object that contains `base`. */
export async function setStage(base = ''): Promise<Stage> {
  const emulator = await startEmulator();
  onTestFinished(() => emulator.close());
  const proxy = await startHttpProxy(emulator.endpoint);
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  if (base !== '') await append(emulator, key, 0, base);
  return { emulator, proxy };
}

/** The observable outcome of a stream. */
export interface Delivery {
  readonly error: unknown;
  readonly object: string | undefined;
  readonly bytesWritten: number;
  readonly position: number | undefined;
  readonly uncommitted:
    | {
        readonly key: string;
        readonly position: number | undefined;
        readonly bytes: string;
        readonly confirmed: boolean;
      }
    | undefined;

  /** The writes whose callback reported success, joined. */
  readonly acknowledged: string;

  /** Appends sent for chunks. */
  readonly attempts: number;
  readonly retries: number;

  /** Outcomes of the reconciliations, in order. */
  readonly reconciles: readonly string[];
}

/** Opens a stream through the proxy, with two retries without backoff. */
export function openThrough(
  { emulator, proxy }: Stage,
  options: Partial<AppendWritableOptions> = {},
): AppendWritable {
  const connection = options.client === undefined ? connectionTo(emulator) : {};
  const stream = new AppendWritable({
    ...connection,
    ...(options.client === undefined ? { endpoint: proxy.endpoint } : {}),
    key,
    chunkSize: 4,
    retry: { retries: 2, minTimeout: 0, maxTimeout: 0 },
    ...options,
  });
  onTestFinished(() => {
    stream.destroy();
  });
  onTestFailed(() => console.error(proxy.requests, emulator.requests, stream.stats));
  return stream;
}

/**
 * Writes `writes`, ends the stream and returns its outcome.
 *
 * Checks what must hold for every outcome: the committed bytes and those handed back make up all
 * writes, events and counts agree, and the error has the class that its code names.
 */
export async function deliver(
  stage: Stage,
  options: Partial<AppendWritableOptions> = {},
  writes: readonly string[] = chunks,
): Promise<Delivery> {
  return finish(stage, openThrough(stage, options), writes);
}

/** Like {@link deliver}, with a stream opened by the test. */
export async function finish(
  { emulator }: Stage,
  stream: AppendWritable,
  writes: readonly string[] = chunks,
): Promise<Delivery> {
  const acknowledged: string[] = [];
  const reconciles: string[] = [];
  let retries = 0;
  stream.on('retry', () => retries++);
  stream.on('reconcile', ({ outcome }) => reconciles.push(outcome));
  for (const data of writes) {
    stream.write(data, (error) => {
      if (!error) acknowledged.push(data);
    });
  }
  stream.end();
  const error: unknown = await finished(stream).then(
    () => undefined,
    (reason) => reason,
  );

  const { stats, bytesWritten, position } = stream;
  const left = stream.takeUncommitted();
  const uncommitted = left && { ...left, bytes: String(left.bytes) };
  expect(stats).toMatchObject({ retries, reconciles: reconciles.length });
  expect(writes.join('').slice(bytesWritten)).toBe(uncommitted?.bytes ?? '');
  if (error !== undefined) assertKnown(error, bytesWritten);
  const object = await emulator.read('examplebucket', key).then(String, () => undefined);
  return {
    error,
    object,
    bytesWritten,
    position,
    uncommitted,
    retries,
    reconciles,
    acknowledged: acknowledged.join(''),
    attempts: stats.attempts,
  };
}

const classes = {
  APPEND_ERR_DIVERGED: DivergedError,
  APPEND_ERR_UNCONFIRMED: UnconfirmedError,
  APPEND_ERR_RETRIES_EXHAUSTED: RetriesExhaustedError,
  APPEND_ERR_NOT_APPENDABLE: NotAppendableError,
  APPEND_ERR_EXISTS: ObjectExistsError,
  APPEND_ERR_MISSING: ObjectMissingError,
  APPEND_ERR_OBJECT_FULL: ObjectFullError,
  APPEND_ERR_RECORD_TOO_LONG: RecordTooLongError,
  APPEND_ERR_CHECKSUM: ChecksumError,
  APPEND_ERR_SERVICE: OssServiceError,
  APPEND_ERR_REQUEST: OssRequestError,
  APPEND_ERR_CREDENTIALS: CredentialsError,
  APPEND_ERR_SHUTDOWN_TIMEOUT: ShutdownTimeoutError,
  APPEND_ERR_LINES_DROPPED: LinesDroppedError,
  APPEND_ERR_SOURCE: SourceObjectError,
} satisfies Record<AppendErrorCode, unknown>;

function assertKnown(error: unknown, bytesWritten: number): void {
  const code: unknown = Reflect.get(Object(error), 'code');
  expect(Object.keys(classes)).toContain(code);
  expect(error).toBeInstanceOf(classes[code as AppendErrorCode]);
  expect(error).toMatchObject({ bytesWritten });
}

type Effort = Partial<Pick<Delivery, 'attempts' | 'retries' | 'reconciles'>>;

/** The delivery of a stream that committed every chunk. */
export function delivered({
  base = '',
  ...effort
}: Effort & { readonly base?: string } = {}): Delivery {
  const content = chunks.join('');
  return {
    error: undefined,
    object: base + content,
    bytesWritten: content.length,
    position: base.length + content.length,
    uncommitted: undefined,
    acknowledged: content,
    attempts: chunks.length,
    retries: 0,
    reconciles: [],
    ...effort,
  };
}

/**
 * The delivery of a stream that ended with `error` at `place`, after one attempt there unless
 * `attempts` says otherwise, and with the object as it was before the chunk.
 */
export function gaveUp(
  place: Place,
  {
    confirmed,
    attempts = 1,
    ...rest
  }: Effort & { error: object; confirmed: boolean; object?: string | undefined },
) {
  const before = contentBefore(place);
  const position = before.length;
  return {
    object: before === '' ? undefined : before,
    bytesWritten: position - place.base.length,
    position,
    uncommitted: { key, position, bytes: chunks.slice(place.nth - 1).join(''), confirmed },
    acknowledged: before.slice(place.base.length),
    retries: 0,
    reconciles: [],
    ...rest,
    attempts: place.nth - 1 + attempts,
  };
}
