import type { IncomingMessage } from 'node:http';
import type { Crc64 } from '../../crc64.js';
import { type Content, ContentBuilder } from '../storage/content.js';
import type { SlabPool } from '../storage/slab-pool.js';
import { Hangup } from './hangup.js';
import { entityTooLarge } from './oss-error.js';

export interface ReadBodyOptions {
  readonly crc64: Crc64;

  /** Memory for bodies; short ones stay in the buffers they were received in. */
  readonly slabs: SlabPool;

  /** Largest accepted body in bytes. */
  readonly limit: number;

  /** Called after every piece with the bytes so far; may throw {@link Hangup} to stop. */
  readonly onProgress: (byteLength: number) => void;
}

/** A complete body. */
export interface ReceivedBody extends Content {
  /** Releases the memory; the pieces must not be read afterwards. */
  readonly release: () => void;
}

/** The empty body. */
export const noBody: ReceivedBody = { pieces: [], byteLength: 0, crc64: 0n, release: () => {} };

/**
 * Reads a body.
 *
 * @throws {Hangup} If the client closes the connection before the end.
 * @throws {OssError} If the body is longer than `limit`; the rest stays unread.
 */
export async function readBody(
  incoming: IncomingMessage,
  { crc64, slabs, limit, onProgress }: ReadBodyOptions,
): Promise<ReceivedBody> {
  const builder = new ContentBuilder(crc64);
  const copier = isShort(incoming) ? undefined : new SlabCopier(slabs);
  let byteLength = 0;
  for await (const piece of piecesOf(incoming)) {
    byteLength += piece.byteLength;
    for (const run of copier?.copy(piece) ?? [piece]) builder.push(run);
    onProgress(byteLength);
    if (byteLength > limit) throw entityTooLarge();
  }
  if (!incoming.complete) throw new Hangup();
  builder.push(copier?.takeRun() ?? Buffer.alloc(0));
  const content = builder.finish();
  if (copier === undefined) return { ...content, release: () => {} };
  return { ...content, pieces: copier.pieces, release: () => slabs.give(copier.slabs) };
}

/** A chunked body counts as long: its length is unknown, and it may arrive byte by byte. */
function isShort({ headers, readableHighWaterMark }: IncomingMessage): boolean {
  return Number(headers['content-length'] ?? Number.POSITIVE_INFINITY) <= readableHighWaterMark;
}

async function* piecesOf(incoming: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    // Keep the socket open after an early exit, to send an answer.
    yield* incoming.iterator({ destroyOnReturn: false });
  } catch {
    throw new Hangup();
  }
}

/** Bytes after which a run is returned, so that the checksum works on long runs. */
const runSize = 64 * 2 ** 10;

/** Copies pieces into slabs, one after the other. */
class SlabCopier {
  readonly slabs: Buffer[] = [];
  readonly #pool: SlabPool;

  /** Bytes used in the last slab, and how many of them were returned in runs. */
  #used = 0;
  #returned = 0;

  constructor(pool: SlabPool) {
    this.#pool = pool;
  }

  /** All bytes copied so far. */
  get pieces(): Buffer[] {
    return this.slabs.map((slab) =>
      slab === this.slabs.at(-1) ? slab.subarray(0, this.#used) : slab,
    );
  }

  /** @returns The runs that `piece` has completed. */
  copy(piece: Buffer): Buffer[] {
    const runs: Buffer[] = [];
    for (let done = 0; done < piece.byteLength; ) {
      const slab = this.#currentSlab();
      const copied = piece.copy(slab, this.#used, done);
      this.#used += copied;
      done += copied;
      const isFull = this.#used === slab.byteLength;
      if (isFull || this.#used - this.#returned >= runSize) runs.push(this.takeRun());
    }
    return runs;
  }

  /** @returns The bytes that were copied and not returned yet. */
  takeRun(): Buffer {
    const run = this.slabs.at(-1)?.subarray(this.#returned, this.#used) ?? Buffer.alloc(0);
    this.#returned = this.#used;
    return run;
  }

  #currentSlab(): Buffer {
    const last = this.slabs.at(-1);
    if (last !== undefined && this.#used < last.byteLength) return last;
    const slab = this.#pool.take();
    this.slabs.push(slab);
    this.#used = 0;
    this.#returned = 0;
    return slab;
  }
}
