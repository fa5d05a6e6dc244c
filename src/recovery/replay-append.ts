import { pipeline } from 'node:stream/promises';
import type { OssClient } from '../oss/oss-client.js';
import { AppendWritable } from '../stream/append-writable.js';
import type { AppendWritableOptions } from '../stream/options.js';
import { ReplayClient } from './replay-client.js';
import { type ChunkedClaim, landedLength, type Progress } from './replay-plan.js';

export interface ReplayAppendOptions {
  readonly client: OssClient;
  readonly key: string;

  /** What is appended, as recorded in the file: its doubtful bytes, in its chunks. */
  readonly claim: ChunkedClaim;

  /** The bytes of the claim. */
  readonly bytes: Buffer;

  /** Options of the stream. */
  readonly append: Omit<AppendWritableOptions, 'key' | 'client'>;

  /** Creates the error for an object that is longer than the chunks that landed. */
  readonly refuse: (actualLength: number) => Error;
}

/** Bytes of one write to the stream. */
const pieceSize = 2 ** 20;

/** Appends the bytes of a claim to one object, in the chunks that the file records. */
export class ReplayAppend {
  readonly stream: AppendWritable;
  readonly #claim: ChunkedClaim;
  readonly #bytes: Buffer;

  constructor({ client, key, claim, bytes, append, refuse }: ReplayAppendOptions) {
    const { position, replay } = claim;
    this.#claim = claim;
    this.#bytes = bytes.subarray(0, claim.doubtful);
    this.stream = new AppendWritable({
      ...append,
      // Overrides the user's sizes: the chunks must be those that the file records.
      chunkSize: Math.max(replay.firstChunkSize, replay.chunkSize),
      flushInterval: Number.POSITIVE_INFINITY,
      highWaterMark: undefined,
      flags: 'a',
      position,
      key,
      client: new ReplayClient(client, claim, refuse),
    });
  }

  /** Bytes of the claim that have been appended. */
  get bytesWritten(): number {
    return landedLength(this.#claim, this.stream.bytesWritten);
  }

  /** Resolves when everything has been appended. */
  async run(): Promise<void> {
    const { stream } = this;
    const bytes = this.#bytes;
    const { firstChunkSize } = this.#claim.replay;
    await pipeline(async function* () {
      yield* pieces(bytes.subarray(0, firstChunkSize));
      await stream.flush();
      yield* pieces(bytes.subarray(firstChunkSize));
    }, stream);
  }

  /** How far it got; to be called once, at the end. */
  takeProgress(): Progress {
    const { doubtful = 0 } = this.stream.takeUncommitted() ?? {};
    return { committed: this.stream.bytesWritten, doubtful };
  }
}

function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let start = 0; start < bytes.byteLength; start += pieceSize) {
    yield bytes.subarray(start, start + pieceSize);
  }
}
