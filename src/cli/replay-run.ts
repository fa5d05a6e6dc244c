import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ObjectState } from '../append/append-client.js';
import { ObjectInquiry } from '../append/object-inquiry.js';
import { assertAppendable } from '../append/open-object.js';
import { TimedRequests } from '../append/timed-requests.js';
import { AppendWritable } from '../append-writable.js';
import { loadCrc64 } from '../crc64.js';
import { resolveCreation } from '../creation-options.js';
import { DivergedError } from '../errors.js';
import type { AppendWritableOptions } from '../options.js';
import type { OssClient } from '../oss/oss-client.js';
import { asUsage } from './exit-code.js';
import { ObjectReader } from './object-reader.js';
import { comparableLength, planReplay, type ReplayPlan, replayChunkSize } from './replay-plan.js';
import { retrying } from './retrying.js';
import { rewriteSaved, type SavedBytes } from './saved-bytes.js';

export interface ReplayRunOptions {
  readonly client: OssClient;
  readonly path: string;

  /** For the object that its `bucket` and `key` name. */
  readonly saved: SavedBytes;
  readonly conflict: 'fail' | 'rebase';

  /** How it is appended. */
  readonly append: Omit<AppendWritableOptions, 'key' | 'client'>;

  /** Told of the stream before anything is written to it. */
  readonly onStream: (stream: AppendWritable) => void;
}

/** Bytes handed to the stream at once. */
const pieceSize = 2 ** 20;

/** Appends to an object what it lacks of a file of uncommitted bytes. */
export class ReplayRun {
  readonly #options: ReplayRunOptions;
  readonly #rest: Buffer;
  #present: number;
  #stream: AppendWritable | undefined;

  constructor(options: ReplayRunOptions) {
    const { bytes, landed } = options.saved;
    this.#options = options;
    this.#rest = bytes.subarray(landed);
    this.#present = landed;
  }

  /** Bytes of the file that the object held before. */
  get present(): number {
    return this.#present;
  }

  /** What they were appended with; `undefined` before that, and where nothing was missing. */
  get stream(): AppendWritable | undefined {
    return this.#stream;
  }

  /**
   * Resolves when the object holds everything.
   *
   * @throws {DivergedError} If the object is too short, or somebody else has appended since.
   * @throws {NotAppendableError} If something is missing and the object takes no more.
   * @throws {Error} If it cannot be asked, read or appended to.
   */
  async finish(): Promise<void> {
    const { saved, conflict, path } = this.#options;
    const state = await this.#ask();
    const length = state?.length ?? 0;
    const claim = { ...saved, byteLength: this.#rest.byteLength };
    const matching = await this.#compare(comparableLength(claim, length));
    const plan = planReplay(claim, length, matching, conflict);
    if (plan.action === 'nothing') {
      this.#present += matching;
      return;
    }
    if (state !== undefined) assertAppendable(saved.key, state);
    if (plan.action === 'refuse') throw this.#refusal(plan.reason, length);
    this.#present += plan.start;
    if (plan.isMove) await this.#move(path, plan);
    await this.#append(plan);
  }

  #ask(): Promise<ObjectState | undefined> {
    const { client, saved, append } = this.#options;
    const { requestTimeout = 60_000, requestPayer } = append;
    const guess = saved.position ?? 0;
    const create = asUsage(() => resolveCreation(append));
    const { signal } = new AbortController();
    const requests = new TimedRequests({ signal, requestTimeout, request: { requestPayer } });
    const inquiry = new ObjectInquiry(client, saved.key, requests);
    return retrying(() => inquiry.ask({ guess, least: guess, greatest: guess, create }));
  }

  /** How many of the first `byteLength` bytes are in the object where they belong. */
  async #compare(byteLength: number): Promise<number> {
    const { client, saved, append } = this.#options;
    if (byteLength === 0) return 0;
    const { requestPayer, trafficLimit } = append;
    const { position: start = 0 } = saved;
    const reader = new ObjectReader(client, await loadCrc64());
    const range = { start, end: start + byteLength };
    let matching = 0;
    for await (const piece of reader.read(saved.key, range, { requestPayer, trafficLimit })) {
      const ours = this.#rest.subarray(matching, matching + piece.byteLength);
      const same = commonLength(ours, piece);
      matching += same;
      if (same < piece.byteLength) break;
    }
    return matching;
  }

  /** Notes where they belong from here on, so that another replay finds them there. */
  async #move(
    path: string,
    { position, start }: Extract<ReplayPlan, { action: 'append' }>,
  ): Promise<void> {
    const { saved } = this.#options;
    const landed = saved.landed + start;
    try {
      await rewriteSaved(path, { ...saved, position, landed, confirmed: true, doubtful: 0 });
    } catch (error) {
      throw new Error(
        `Cannot note in ${path} where its bytes go, and so appended nothing: ${(error as Error).message}`,
        { cause: error },
      );
    }
  }

  async #append({ position, start }: Extract<ReplayPlan, { action: 'append' }>): Promise<void> {
    const { client, saved, append, onStream } = this.#options;
    // Full chunks, whatever else was asked for: the next replay looks for them.
    const how = { chunkSize: replayChunkSize, flushInterval: Number.POSITIVE_INFINITY };
    const others = { flags: 'a', highWaterMark: undefined } as const;
    const options = { ...append, ...others, ...how, client, key: saved.key, position };
    const stream = asUsage(() => new AppendWritable(options));
    this.#stream = stream;
    onStream(stream);
    await pipeline(Readable.from(pieces(this.#rest.subarray(start))), stream);
  }

  #refusal(reason: 'shorter' | 'conflict', actualLength: number): DivergedError {
    const { path, saved } = this.#options;
    const { key, position = 0 } = saved;
    const what = `Cannot append ${path} to "${key}" at position ${position}`;
    const message = {
      shorter: `${what}: the object is ${actualLength} bytes long. Name another object to append everything there, as oss://bucket/key behind the file`,
      conflict: `${what}: somebody else has appended there since, the object is ${actualLength} bytes long. To append what it lacks at its end, add --conflict rebase`,
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
