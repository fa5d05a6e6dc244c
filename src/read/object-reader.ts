import type { AppendClient, GetObjectOptions } from '../append/append-client.js';
import { type Crc64, combineCrc64 } from '../crc64.js';
import { type RetryingOptions, retrying } from './retry-request.js';

/** Reads a range of an object, resumes after a broken connection, and checksums the bytes. */
export class ObjectReader {
  readonly #client: Pick<AppendClient, 'getObject'>;
  readonly #checksum: Crc64;
  readonly #retrying: RetryingOptions;
  #crc64 = 0n;

  /** @param retrying How often it tries to get the next bytes. */
  constructor(
    client: Pick<AppendClient, 'getObject'>,
    checksum: Crc64,
    retrying: RetryingOptions = {},
  ) {
    this.#client = client;
    this.#checksum = checksum;
    this.#retrying = retrying;
  }

  /** CRC-64 of the bytes read so far. */
  get crc64(): bigint {
    return this.#crc64;
  }

  /** @throws {Error} If OSS refuses, the object ends before `end`, or the retries are spent. */
  async *read(
    key: string,
    { start, end }: { readonly start: number; readonly end: number },
    options: Omit<GetObjectOptions, 'start' | 'end'>,
  ): AsyncGenerator<Buffer> {
    for (let position = start; position < end; ) {
      const from = position;
      const pieces = await retrying(
        () => this.#begin(key, { ...options, start: from, end }),
        this.#retrying,
      );
      try {
        for await (const piece of pieces) {
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

  /** Resolves when the first bytes have arrived: a connection that breaks before is tried again. */
  async #begin(key: string, options: GetObjectOptions): Promise<AsyncIterable<Buffer>> {
    const pieces: AsyncIterator<Buffer> = (await this.#client.getObject(key, options))[
      Symbol.asyncIterator
    ]();
    const first = await pieces.next();
    return rest(first, pieces);
  }
}

/** What an iterator returns, with its first result, which was asked for already. */
async function* rest<Item>(
  first: IteratorResult<Item>,
  items: AsyncIterator<Item>,
): AsyncGenerator<Item> {
  try {
    for (let result = first; !result.done; result = await items.next()) yield result.value;
  } finally {
    await items.return?.();
  }
}
