/** Most bytes that are kept for later: four chunks and as much again of the usual size. */
const largestReserve = 32 * 1024 * 1024;

/**
 * Memory that no stream needs at the moment, for the next that does.
 *
 * Memory that was used lately costs nothing; new memory costs a page fault for every 4 KiB. Streams
 * that are idle hold none, and thousands of them share what a few need at a time.
 */
export class SlabPool {
  /** Ordered by when they were given back, the latest last. */
  readonly #slabs: Buffer[] = [];

  /** Always the sum of their lengths. */
  #byteLength = 0;

  /** Bytes that wait to be used again. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** A slab of exactly `byteLength` bytes, whatever they are. */
  take(byteLength: number): Buffer {
    const index = this.#slabs.findLastIndex((slab) => slab.byteLength === byteLength);
    if (index === -1) return Buffer.allocUnsafeSlow(byteLength);
    this.#byteLength -= byteLength;
    return this.#slabs.splice(index, 1)[0] as Buffer;
  }

  /**
   * Takes back a slab that nobody reads or writes any more.
   *
   * @returns Whether it was kept: one that is larger than all that may be kept is not.
   */
  give(slab: Buffer): boolean {
    if (slab.byteLength > largestReserve) return false;
    this.#slabs.push(slab);
    this.#byteLength += slab.byteLength;
    // What was not asked for in the longest time goes, so that sizes out of use do not stay.
    while (this.#byteLength > largestReserve) {
      this.#byteLength -= (this.#slabs.shift() as Buffer).byteLength;
    }
    return true;
  }
}

/** The one that all streams of the process share. */
export const sharedSlabs = new SlabPool();
