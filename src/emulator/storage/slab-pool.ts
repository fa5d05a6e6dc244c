/** Bytes in one slab. */
const slabSize = 4 * 2 ** 20;

/** Free slabs kept for the next body. */
const maxFreeSlabs = 8;

/**
 * Lends big buffers again and again: touching fresh memory costs several times the copy into
 * memory that has been used before.
 */
export class SlabPool {
  readonly #free: Buffer[] = [];

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(slabSize);
  }

  /** Takes back slabs nobody reads from any more. */
  give(slabs: readonly Buffer[]): void {
    for (const slab of slabs) {
      if (this.#free.length < maxFreeSlabs) this.#free.push(slab);
    }
  }
}
