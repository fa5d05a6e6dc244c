// One stream that fills an object to its limit, with a store that discards the bytes.
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { type AppendClient, AppendWritable, type ObjectFullError } from 'oss-append-stream';
import { combineCrc64, loadCrc64 } from '../../../src/crc64.js';
import { serve } from '../../helpers/remote.js';

export interface FullObject {
  readonly error: Pick<ObjectFullError, 'code' | 'key' | 'limit'> & {
    readonly bytesWritten: number | undefined;
  };

  /** Bytes passed to `write()`. */
  readonly bytesWritten: number;

  /** The length of the object according to the stream, and according to the store. */
  readonly position: number | undefined;
  readonly length: number;
  readonly crc64: boolean;
  readonly uncommitted: { byteLength: number; position: number | undefined; confirmed: boolean };

  /** Peak memory of the process while the object grew to half its length, and after that. */
  readonly peaks: { readonly firstHalf: number; readonly secondHalf: number };
}

const half = 2.5 * 2 ** 30;
const crc64 = await loadCrc64();

/** Assumes that all chunks are equal, so that it computes the checksum of one only. */
class DiscardingStore implements AppendClient {
  readonly #chunkSize: number;
  readonly #chunkCrc64: bigint;
  length = 0;
  crc64 = 0n;
  readonly peaks = { firstHalf: 0, secondHalf: 0 };

  constructor(chunk: Uint8Array) {
    this.#chunkSize = chunk.byteLength;
    this.#chunkCrc64 = crc64(chunk);
  }

  async appendObject(_key: string, position: number, body: Uint8Array) {
    if (position !== this.length || body.byteLength !== this.#chunkSize) {
      throw new Error(
        `Cannot append ${body.byteLength} bytes at ${position}: length is ${this.length}`,
      );
    }
    const part = position < half ? 'firstHalf' : 'secondHalf';
    this.peaks[part] = Math.max(this.peaks[part], process.memoryUsage.rss());
    this.length += body.byteLength;
    this.crc64 = combineCrc64(this.crc64, this.#chunkCrc64, body.byteLength);
    return { nextPosition: this.length, crc64: this.crc64 };
  }

  async headObject() {
    return undefined;
  }

  async getObject(): Promise<Readable> {
    return Readable.from([]);
  }

  async sealAppendObject(): Promise<void> {}

  async close(): Promise<void> {}
}

const functions = {
  /** Writes until the stream fails. */
  async fill(chunkSize: number): Promise<FullObject> {
    const piece = Buffer.alloc(2 ** 20, 'a line of a log that never ends\n');
    const chunk = Buffer.concat(Array.from({ length: chunkSize / piece.byteLength }, () => piece));
    const store = new DiscardingStore(chunk);
    const stream = new AppendWritable({ client: store, key: 'a.log', chunkSize, verify: 'none' });
    const failed = once(stream, 'error');
    const closed = new Promise((resolve) => stream.once('close', resolve));
    let bytesWritten = 0;
    while (!stream.destroyed) {
      bytesWritten += piece.byteLength;
      if (!stream.write(piece)) {
        await Promise.race([new Promise((resolve) => stream.once('drain', resolve)), closed]);
      }
    }
    const [{ code, key, limit, bytesWritten: committed }] = (await failed) as [ObjectFullError];
    const { bytes, position, confirmed } = stream.takeUncommitted() ?? {};
    return {
      bytesWritten,
      position: stream.position,
      length: store.length,
      peaks: store.peaks,
      error: { code, key, limit, bytesWritten: committed },
      crc64: stream.crc64 === store.crc64,
      uncommitted: {
        byteLength: bytes?.byteLength ?? 0,
        position,
        confirmed: confirmed === true,
      },
    };
  },
};

export type FullObjectFunctions = typeof functions;

serve(functions);
