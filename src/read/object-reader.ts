import type { RequestOptions } from '../append/append-client.js';
import { type Crc64, combineCrc64 } from '../crc64.js';
import type { OssClient } from '../oss/oss-client.js';
import { retrying } from './retry-request.js';

/** Reads a range of an object, resumes after a broken connection, and checksums the bytes. */
export class ObjectReader {
  readonly #client: OssClient;
  readonly #checksum: Crc64;
  #crc64 = 0n;

  constructor(client: OssClient, checksum: Crc64) {
    this.#client = client;
    this.#checksum = checksum;
  }

  /** CRC-64 of the bytes read so far. */
  get crc64(): bigint {
    return this.#crc64;
  }

  /** @throws {Error} If OSS refuses, or a connection breaks before it delivers a byte. */
  async *read(
    key: string,
    { start, end }: { readonly start: number; readonly end: number },
    options: RequestOptions,
  ): AsyncGenerator<Buffer> {
    for (let position = start; position < end; ) {
      const from = position;
      const stream = await retrying(() =>
        this.#client.getObject(key, { ...options, start: from, end }),
      );
      try {
        for await (const piece of stream as AsyncIterable<Buffer>) {
          position += piece.byteLength;
          this.#crc64 = combineCrc64(this.#crc64, this.#checksum(piece), piece.byteLength);
          yield piece;
        }
      } catch (error) {
        if (position === from) throw error;
      }
      if (position === from) throw new Error(`The object ends at ${position}, before ${end}`);
    }
  }
}
