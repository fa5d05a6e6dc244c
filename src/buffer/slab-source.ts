import type { SlabPool } from './slab-pool.js';

/** Slabs of one stream: from the pool, or from a spare of its own where the pool does not keep them. */
export class SlabSource {
  readonly #pool: SlabPool;
  readonly #most: number;

  /** A slab too large for the pool. */
  #spare: Buffer | undefined;

  /** @param most Bytes of the largest slab that is kept; a larger one is rarely needed again. */
  constructor(pool: SlabPool, most: number) {
    this.#pool = pool;
    this.#most = most;
  }

  take(byteLength: number): Buffer {
    const spare = this.#spare;
    if (spare?.byteLength !== byteLength) return this.#pool.take(byteLength);
    this.#spare = undefined;
    return spare;
  }

  give(slab: Buffer): void {
    if (slab.byteLength === 0 || this.#pool.give(slab)) return;
    if (slab.byteLength <= this.#most) this.#spare = slab;
  }
}

/** The next power of two, so that slabs have few sizes. */
export function roundUp(byteLength: number): number {
  return 2 ** Math.ceil(Math.log2(byteLength));
}
