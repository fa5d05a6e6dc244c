import type { IncomingMessage } from 'node:http';
import type { Crc64 } from '../../crc64.js';
import { type Content, ContentBuilder } from '../storage/content.js';
import type { SlabPool } from '../storage/slab-pool.js';
import { Hangup } from './hangup.js';
import { entityTooLarge } from './oss-error.js';

export interface ReadBodyOptions {
  readonly crc64: Crc64;

  /** Where bodies are copied to; short ones stay in the buffers they came in. */
  readonly slabs: SlabPool;

  /** Bytes beyond which the body is refused. */
  readonly limit: number;

  /** Told of every piece; throws {@link Hangup} to break off. */
  readonly onProgress: (byteLength: number) => void;
}

/** A body that has arrived completely. */
export interface ReceivedBody extends Content {
  /** Gives the memory back; the pieces must not be read afterwards. */
  readonly release: () => void;
}

/** The body of a request that has none. */
export const noBody: ReceivedBody = { pieces: [], byteLength: 0, crc64: 0n, release: () => {} };

/**
 * Collects a body.
 *
 * @throws {Hangup} If the client leaves before the end: a body cut short is no body.
 * @throws {OssError} If the body is longer than `limit`; the rest is left unread.
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

/** A body in chunks may be of any length, and may come byte by byte. */
function isShort({ headers, readableHighWaterMark }: IncomingMessage): boolean {
  return Number(headers['content-length'] ?? Number.POSITIVE_INFINITY) <= readableHighWaterMark;
}

async function* piecesOf(incoming: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    // The socket must survive an early exit: the client is to hear why.
    yield* incoming.iterator({ destroyOnReturn: false });
  } catch {
    throw new Hangup();
  }
}

/** Bytes that are looked at together, where so many come. */
const runSize = 64 * 2 ** 10;

/** Copies pieces into slabs, one after the other. */
class SlabCopier {
  readonly slabs: Buffer[] = [];
  readonly #pool: SlabPool;

  /** Bytes used of the last slab, and those of them that were returned in a run. */
  #used = 0;
  #returned = 0;

  constructor(pool: SlabPool) {
    this.#pool = pool;
  }

  /** The whole of what has been copied. */
  get pieces(): Buffer[] {
    return this.slabs.map((slab) =>
      slab === this.slabs.at(-1) ? slab.subarray(0, this.#used) : slab,
    );
  }

  /** @returns What has become a long run in the slabs with `piece`. */
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

  /** @returns What has been copied and not been returned yet. */
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
