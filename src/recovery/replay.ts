import { pipeline } from 'node:stream/promises';
import { isDeepStrictEqual } from 'node:util';
import type { ObjectState } from '../append/append-client.js';
import { ObjectProbe } from '../append/object-probe.js';
import { assertAppendable } from '../append/open-object.js';
import { RequestRunner } from '../append/request-runner.js';
import { loadCrc64 } from '../crc64.js';
import { DivergedError } from '../errors.js';
import type { OssClient } from '../oss/oss-client.js';
import { ObjectReader } from '../read/object-reader.js';
import { retrying } from '../read/retry-request.js';
import { AppendWritable } from '../stream/append-writable.js';
import { resolveCreation } from '../stream/creation-options.js';
import type { AppendWritableOptions } from '../stream/options.js';
import { ReplayClient } from './replay-client.js';
import {
  type AppendPlan,
  beginReplay,
  type ChunkedClaim,
  type Claim,
  comparableLength,
  endReplay,
  landedLength,
  planReplay,
  replayChunkSize,
} from './replay-plan.js';
import { rewriteSaved, type SavedBytes } from './saved-bytes.js';

export interface ReplayRunOptions {
  readonly client: OssClient;
  readonly path: string;

  /** The content of the file, for the object that its `bucket` and `key` name. */
  readonly saved: SavedBytes;
  readonly conflict: 'fail' | 'rebase';

  /** Options of the stream that appends. */
  readonly append: Omit<AppendWritableOptions, 'key' | 'client'>;

  /** Called with the stream before the first write. */
  readonly onStream: (stream: AppendWritable) => void;
}

/** Bytes of one write to the stream. */
const pieceSize = 2 ** 20;

/** Appends the bytes of a file of uncommitted bytes that the object lacks. */
export class ReplayRun {
  readonly #options: ReplayRunOptions;
  readonly #claim: Claim;
  #present: number;
  #begun: ChunkedClaim | undefined;
  #stream: AppendWritable | undefined;
  #noteFailure: Error | undefined;

  /** The claim that the file records, if a replay has begun. */
  #noted: Claim | undefined;

  constructor(options: ReplayRunOptions) {
    const { bytes, landed, position, doubtful, replay } = options.saved;
    this.#options = options;
    this.#claim = { position, byteLength: bytes.byteLength - landed, doubtful, replay };
    this.#noted = replay && this.#claim;
    this.#present = landed;
  }

  /** Bytes of the file that were in the object before. */
  get present(): number {
    return this.#present;
  }

  /** The stream that appends; `undefined` before it is created, and if nothing was missing. */
  get stream(): AppendWritable | undefined {
    return this.#stream;
  }

  /** Bytes of the file that have been appended. */
  get bytesWritten(): number {
    if (this.#stream === undefined || this.#begun === undefined) return 0;
    return landedLength(this.#begun, this.#stream.bytesWritten);
  }

  /** Why recording the progress failed; the file then calls more bytes doubtful than there are. */
  get noteFailure(): Error | undefined {
    return this.#noteFailure;
  }

  /**
   * Resolves when the object holds all bytes of the file.
   *
   * @throws {DivergedError} If the object is too short, or another writer has appended since.
   * @throws {NotAppendableError} If bytes are missing and the object accepts no more appends.
   * @throws {Error} If a request fails, or the file cannot be written.
   */
  async finish(): Promise<void> {
    const { saved, conflict, path } = this.#options;
    const state = await this.#ask();
    const length = state?.length ?? 0;
    const matching = await this.#compare(comparableLength(this.#claim, length));
    const how = { conflict, chunkSize: replayChunkSize };
    const plan = planReplay(this.#claim, length, matching, how);
    if (plan.action === 'nothing') {
      this.#present = saved.bytes.byteLength;
      return;
    }
    if (state !== undefined) assertAppendable(saved.key, state);
    if (plan.action === 'refuse') throw this.#refusal(plan.reason, length);
    this.#present += plan.start;
    const begun = beginReplay(this.#claim, plan);
    const options = this.#streamOptions(begun);
    await this.#note(begun).catch((error) => {
      throw new Error(`Cannot record in ${path} where its bytes go: ${error.message}`, {
        cause: error,
      });
    });
    await this.#append(begun, plan, options);
  }

  #ask(): Promise<ObjectState | undefined> {
    const { client, saved, append } = this.#options;
    const { requestTimeout = 60_000, requestPayer } = append;
    const guess = saved.position ?? 0;
    const create = resolveCreation('replay', append);
    const { signal } = new AbortController();
    const requests = new RequestRunner({ signal, requestTimeout, request: { requestPayer } });
    const probe = new ObjectProbe(client, requests);
    return retrying(() => probe.ask(saved.key, { guess, least: guess, greatest: guess, create }));
  }

  /** How many of the first `byteLength` bytes are in the object at their position. */
  async #compare(byteLength: number): Promise<number> {
    const { client, saved, append } = this.#options;
    if (byteLength === 0) return 0;
    const { requestPayer, trafficLimit } = append;
    const { position: start = 0, landed } = saved;
    const reader = new ObjectReader(client, await loadCrc64());
    const range = { start, end: start + byteLength };
    let matching = 0;
    for await (const piece of reader.read(saved.key, range, { requestPayer, trafficLimit })) {
      const ours = saved.bytes.subarray(landed + matching).subarray(0, piece.byteLength);
      const same = commonLength(ours, piece);
      matching += same;
      if (same < piece.byteLength) break;
    }
    return matching;
  }

  #streamOptions(begun: ChunkedClaim): AppendWritableOptions {
    const { client, saved, append } = this.#options;
    const { position, replay } = begun;
    const refuse = (actualLength: number) => this.#refusal('conflict', actualLength);
    return {
      ...append,
      // Overrides the user's sizes: the chunks must be those that the file records.
      chunkSize: Math.max(replay.firstChunkSize, replay.chunkSize),
      flushInterval: Number.POSITIVE_INFINITY,
      highWaterMark: undefined,
      flags: 'a',
      position,
      key: saved.key,
      client: new ReplayClient(client, begun, refuse),
    };
  }

  /** Records `claim` in the file, so that the next replay can find the chunks of this one. */
  async #note(claim: Claim): Promise<void> {
    const { path, saved } = this.#options;
    const { position, byteLength, doubtful, replay } = claim;
    if (isDeepStrictEqual(claim, this.#noted)) return;
    const landed = saved.bytes.byteLength - byteLength;
    await rewriteSaved(path, { ...saved, position, doubtful, landed, replay });
    this.#noted = claim;
  }

  async #append(
    begun: ChunkedClaim,
    plan: AppendPlan,
    options: AppendWritableOptions,
  ): Promise<void> {
    const { saved, onStream } = this.#options;
    const { firstChunkSize } = plan;
    const stream = new AppendWritable(options);
    this.#begun = begun;
    this.#stream = stream;
    onStream(stream);
    const bytes = saved.bytes.subarray(saved.bytes.byteLength - begun.byteLength);
    try {
      await pipeline(async function* () {
        yield* pieces(bytes.subarray(0, firstChunkSize));
        await stream.flush();
        yield* pieces(bytes.subarray(firstChunkSize));
      }, stream);
    } catch (error) {
      await this.#noteEnd(stream, plan);
      throw error;
    }
  }

  /** Records which bytes are no longer doubtful. */
  async #noteEnd(stream: AppendWritable, plan: AppendPlan): Promise<void> {
    const { doubtful = 0 } = stream.takeUncommitted() ?? {};
    const progress = { committed: stream.bytesWritten, doubtful };
    await this.#note(endReplay(this.#claim, plan, progress)).catch((error) => {
      this.#noteFailure = error;
    });
  }

  #refusal(reason: 'shorter' | 'conflict', actualLength: number): DivergedError {
    const { path, saved } = this.#options;
    const { key, position = 0 } = saved;
    const what = `Cannot append ${path} to "${key}" at position ${position}`;
    const message = {
      shorter: `${what}: the object is ${actualLength} bytes long. To append everything to another object, name it after the file: oss://bucket/key`,
      conflict: `${what}: another writer has appended there, the object is ${actualLength} bytes long. To append the missing bytes at its end, add --conflict rebase`,
    }[reason];
    return new DivergedError(message, { key, position, actualLength });
  }
}

function commonLength(ours: Buffer, theirs: Buffer): number {
  if (ours.equals(theirs)) return theirs.byteLength;
  const different = theirs.findIndex((byte, index) => byte !== ours[index]);
  return different === -1 ? theirs.byteLength : different;
}

function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let start = 0; start < bytes.byteLength; start += pieceSize) {
    yield bytes.subarray(start, start + pieceSize);
  }
}
