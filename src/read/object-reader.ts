import type { AppendClient, GetObjectOptions } from '../append/append-client.js';
import { type Crc64, RunningCrc64 } from '../crc64.js';
import { retrying } from './retry-request.js';

/**
 * Reads a range of an object, resumes after a broken connection, and checksums the bytes. For a
 * client that keeps its deadlines itself.
 */
export class ObjectReader {
  readonly #client: Pick<AppendClient, 'getObject'>;
  readonly #crc64: RunningCrc64;

  constructor(client: Pick<AppendClient, 'getObject'>, checksum: Crc64) {
    this.#client = client;
    this.#crc64 = new RunningCrc64(checksum);
  }

  /** CRC-64 of the bytes read so far. */
  get crc64(): bigint {
    return this.#crc64.value;
  }

  /** @throws {Error} If OSS refuses, the object ends before `end`, or the retries are spent. */
  async *read(
    key: string,
    { start, end }: { readonly start: number; readonly end: number },
    options: Omit<GetObjectOptions, 'start' | 'end'>,
  ): AsyncGenerator<Buffer> {
    for (let position = start; position < end; ) {
      const from = position;
      const pieces = await retrying(() => this.#begin(key, { ...options, start: from, end }));
      try {
        for await (const piece of pieces) {
          position += piece.byteLength;
          this.#crc64.add(piece);
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
