import type { IncomingMessage } from 'node:http';
import type { Crc64 } from '../crc64.js';
import { type Content, ContentBuilder } from './content.js';
import { Hangup } from './hangup.js';
import { entityTooLarge } from './oss-error.js';
import type { SlabPool } from './slab-pool.js';

export interface ReadBodyOptions {
  readonly crc64: Crc64;

  /** Where long bodies are copied to; small ones stay in the buffers they came in. */
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
  const isLong = Number(incoming.headers['content-length'] ?? 0) > incoming.readableHighWaterMark;
  const copier = isLong ? new SlabCopier(slabs) : undefined;
  for await (const piece of piecesOf(incoming)) {
    for (const run of copier?.copy(piece) ?? [piece]) builder.push(run);
    onProgress(builder.byteLength);
    if (builder.byteLength > limit) throw entityTooLarge();
  }
  if (!incoming.complete) throw new Hangup();
  const content = builder.finish();
  if (copier === undefined) return { ...content, release: () => {} };
  return { ...content, pieces: copier.pieces, release: () => slabs.give(copier.slabs) };
}

async function* piecesOf(incoming: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    // The socket must survive an early exit: the client is to hear why.
    yield* incoming.iterator({ destroyOnReturn: false });
  } catch {
    throw new Hangup();
  }
}

/** Copies pieces into slabs, one after the other. */
class SlabCopier {
  readonly slabs: Buffer[] = [];
  readonly #pool: SlabPool;

  /** Bytes used of the last slab. */
  #used = 0;

  constructor(pool: SlabPool) {
    this.#pool = pool;
  }

  /** The whole of what has been copied. */
  get pieces(): Buffer[] {
    return this.slabs.map((slab) =>
      slab === this.slabs.at(-1) ? slab.subarray(0, this.#used) : slab,
    );
  }

  /** @returns Where in the slabs `piece` has been copied to. */
  copy(piece: Buffer): Buffer[] {
    const runs: Buffer[] = [];
    for (let done = 0; done < piece.byteLength; ) {
      const slab = this.#currentSlab();
      const copied = piece.copy(slab, this.#used, done);
      runs.push(slab.subarray(this.#used, this.#used + copied));
      this.#used += copied;
      done += copied;
    }
    return runs;
  }

  #currentSlab(): Buffer {
    const last = this.slabs.at(-1);
    if (last !== undefined && this.#used < last.byteLength) return last;
    const slab = this.#pool.take();
    this.slabs.push(slab);
    this.#used = 0;
    return slab;
  }
}
