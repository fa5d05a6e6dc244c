/** Bytes in one slab. */
const slabSize = 4 * 2 ** 20;

/** Free slabs kept for the next body. */
const maxFreeSlabs = 8;

/**
 * Reuses large buffers: the first write to fresh memory costs several times as much as a copy into
 * used memory.
 */
export class SlabPool {
  readonly #free: Buffer[] = [];

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(slabSize);
  }

  /** Returns slabs to the pool; they must not be read afterwards. */
  give(slabs: readonly Buffer[]): void {
    for (const slab of slabs) {
      if (this.#free.length < maxFreeSlabs) this.#free.push(slab);
    }
  }
}
