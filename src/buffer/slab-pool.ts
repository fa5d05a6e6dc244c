/** Maximum bytes kept: eight chunks of the default size. */
const largestReserve = 32 * 1024 * 1024;

/**
 * Keeps memory that no stream needs at the moment, for reuse.
 *
 * New memory costs a page fault for every 4 KiB, recently used memory does not. Idle streams hold
 * none, so thousands of them share the memory that a few need at a time.
 */
export class SlabPool {
  /** Ordered by the time of their return, the latest last. */
  readonly #slabs: Buffer[] = [];

  /** The sum of the lengths of `#slabs`. */
  #byteLength = 0;

  /** Bytes kept for reuse. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** A slab of exactly `byteLength` bytes, not cleared. */
  take(byteLength: number): Buffer {
    const index = this.#slabs.findLastIndex((slab) => slab.byteLength === byteLength);
    if (index === -1) return Buffer.allocUnsafeSlow(byteLength);
    this.#byteLength -= byteLength;
    return this.#slabs.splice(index, 1)[0] as Buffer;
  }

  /**
   * Takes back a slab that is no longer in use.
   *
   * @returns Whether the pool keeps it; not if the slab alone exceeds the maximum.
   */
  give(slab: Buffer): boolean {
    if (slab.byteLength > largestReserve) return false;
    this.#slabs.push(slab);
    this.#byteLength += slab.byteLength;
    // The slab returned longest ago goes, so that sizes no longer in use do not stay.
    while (this.#byteLength > largestReserve) {
      this.#byteLength -= (this.#slabs.shift() as Buffer).byteLength;
    }
    return true;
  }
}

/** The pool that all streams of the process share. */
export const sharedSlabs = new SlabPool();
