import type { WritableOptions } from 'node:stream';
import type { AppendClient } from '../append/append-client.js';
import type { AppenderOptions } from '../append/appender-options.js';
import {
  assertInteger,
  assertNumber,
  assertOneOf,
  assertOptionalBoolean,
  assertSignal,
  longestTimer,
  rangeError,
  typeError,
} from '../assertions.js';
import type { WriteBufferOptions } from '../buffer/write-buffer-options.js';
import { warnOfMisspelt } from '../option-warnings.js';
import { assertNoForeignCredentials } from '../oss/foreign-options.js';
import { type ChosenClient, resolveRequests } from '../oss/request-options.js';
import { resolveCreation } from './creation-options.js';
import { appendOptionNames } from './option-names.js';
import { resolveRollover } from './rollover-options.js';
import type { AppendWritableOptions } from './stream-options.js';

export type { AppendWritableOptions, RolloverOptions } from './stream-options.js';

export interface ResolvedOptions {
  readonly appender: Omit<AppenderOptions, 'client'>;
  readonly buffer: WriteBufferOptions;

  readonly client: ChosenClient<AppendClient>;
  readonly highWaterMark: number;
  readonly signal: AbortSignal | undefined;

  /** For Node's own constructor. */
  readonly writable: WritableOptions;
}

const mebibyte = 2 ** 20;

/** Maximum bytes of `recordDelimiter`. */
const maxDelimiterSize = 1024;

const largestChunkSize = 2 ** 30;

/** Minimum `highWaterMark` of Node's own queue. */
const minQueueSize = 64 * 1024;

/** Maximum chunks that wait, which bounds the overhead of tiny chunks. */
const maxWaitingChunks = 64;

/** Options that this version lacks; ignoring one would silently drop the guarantee it names. */
const unavailableOptionNames = ['journal'];

/**
 * Copies the options, applies the defaults and checks them.
 *
 * @param act The action that fails, for messages.
 * @throws {TypeError} If one is of the wrong type or shape.
 * @throws {RangeError} If one is out of range.
 */
export function resolveOptions(
  options: AppendWritableOptions,
  act = 'create AppendWritable',
): ResolvedOptions {
  if (typeof options !== 'object' || options === null) {
    throw typeError(act, 'options', 'an object', options);
  }
  const { flags = 'a', position, verify = 'crc64', seal = false } = options;
  const { flushInterval = 1000, signal } = options;
  assertNoForeignCredentials(act, options);
  warnOfMisspelt(options, appendOptionNames);
  assertAvailable(act, options);
  assertOneOf(act, 'flags', flags, ['a', 'ax']);
  if (position !== undefined) assertInteger(act, 'position', position, 0, Number.MAX_SAFE_INTEGER);
  assertOneOf(act, 'verify', verify, ['crc64', 'none']);
  assertSeal(act, seal, options.client);
  assertFlushInterval(act, flushInterval);
  assertSignal(act, signal);
  const { chunkSize, highWaterMark } = resolveSizes(act, options);
  const limit = waitingLimit(chunkSize, highWaterMark);
  const rollover = resolveRollover(act, options, { chunkSize, highWaterMark });
  const { client, ...requests } = resolveRequests(act, options, ['appendObject']);
  return {
    appender: {
      ...rollover.appender,
      maxRecordSize: highWaterMark,
      flags,
      position,
      verify,
      seal,
      ...requests,
      create: resolveCreation(act, options),
    },
    buffer: {
      chunkSize,
      limit,
      flushInterval,
      recordDelimiter: resolveDelimiter(act, options.recordDelimiter),
      maxRecordSize: options.conflict === 'rebase' ? highWaterMark : undefined,
      objects: rollover.objects,
    },
    client,
    highWaterMark,
    signal,
    writable: {
      ...resolveWritable(act, options),
      decodeStrings: false,
      highWaterMark: Math.max(highWaterMark - chunkSize - limit, minQueueSize),
    },
  };
}

function assertAvailable(act: string, options: object): void {
  if (Reflect.get(options, 'objectMode')) {
    throw typeError(act, 'objectMode', 'false: the stream appends bytes, not objects', true);
  }
  for (const name of unavailableOptionNames) {
    const value = Reflect.get(options, name);
    if (value === undefined) continue;
    throw typeError(act, name, 'left out, as this version does not support it', value);
  }
}

function assertSeal(act: string, seal: unknown, client: AppendClient | undefined): void {
  assertOptionalBoolean(act, 'seal', seal);
  if (seal && client !== undefined && typeof client?.sealAppendObject !== 'function') {
    throw new TypeError(`Cannot ${act} as 'seal' needs a client with sealAppendObject()`);
  }
}

function resolveDelimiter(act: string, delimiter: unknown = false): Uint8Array | undefined {
  if (delimiter === false) return undefined;
  if (typeof delimiter !== 'string' && !(delimiter instanceof Uint8Array)) {
    throw typeError(act, 'recordDelimiter', 'a string, a Uint8Array or false', delimiter);
  }
  const bytes = Buffer.from(delimiter as string);
  if (bytes.byteLength < 1 || bytes.byteLength > maxDelimiterSize) {
    throw rangeError(act, 'recordDelimiter', `1 to ${maxDelimiterSize} bytes`, delimiter);
  }
  return bytes;
}

function assertFlushInterval(act: string, flushInterval: unknown): void {
  if (flushInterval === Number.POSITIVE_INFINITY) return;
  assertNumber(act, 'flushInterval', flushInterval, 0, longestTimer);
}

/** Applies the defaults of `chunkSize` and `highWaterMark` and checks them. */
export function resolveSizes(
  act: string,
  { chunkSize, highWaterMark }: Partial<AppendWritableOptions>,
) {
  // First: the defaults below would take null for undefined.
  if (chunkSize !== undefined) assertInteger(act, 'chunkSize', chunkSize, 1, largestChunkSize);
  if (highWaterMark !== undefined) {
    assertInteger(act, 'highWaterMark', highWaterMark, 2, Number.MAX_SAFE_INTEGER);
    chunkSize ??= Math.max(1, Math.min(4 * mebibyte, Math.floor(highWaterMark / 4)));
  }
  chunkSize ??= 4 * mebibyte;
  highWaterMark ??= Math.max(16 * mebibyte, 4 * chunkSize);
  if (highWaterMark < 2 * chunkSize) {
    throw rangeError(
      act,
      'highWaterMark',
      `at least twice 'chunkSize', ${chunkSize}`,
      highWaterMark,
    );
  }
  return { chunkSize, highWaterMark };
}

/** Bytes that may wait in chunks: `highWaterMark` less the chunk in flight and Node's queue. */
function waitingLimit(chunkSize: number, highWaterMark: number): number {
  const most = Math.min(highWaterMark - chunkSize - minQueueSize, maxWaitingChunks * chunkSize);
  return Math.max(most, chunkSize);
}

function resolveWritable(
  act: string,
  { defaultEncoding, emitClose, autoDestroy, captureRejections }: AppendWritableOptions,
): WritableOptions {
  // Node accepts null, which its types exclude, as no encoding.
  const isGiven = defaultEncoding !== undefined && defaultEncoding !== null;
  if (isGiven && !Buffer.isEncoding(defaultEncoding)) {
    throw typeError(act, 'defaultEncoding', 'an encoding that Buffer knows', defaultEncoding);
  }
  const flags = { emitClose, autoDestroy, captureRejections };
  for (const [name, value] of Object.entries(flags)) assertOptionalBoolean(act, name, value);
  const given = Object.entries({ defaultEncoding, ...flags }).filter(([, it]) => it !== undefined);
  return Object.fromEntries(given);
}
