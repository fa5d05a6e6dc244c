/** Bytes a new slab starts with, so that an idle logger stays small. */
const initialCapacity = 64 * 1024;

/**
 * Collects writes into chunks, in order, by copying each byte once.
 *
 * Two slabs take turns: one is filling while the chunk cut from the other is in flight, so a chunk
 * is one contiguous run of bytes and steady traffic allocates nothing. Holds no timer and does no
 * I/O: it knows what a chunk contains, never when it leaves.
 */
export class ChunkBuffer {
  readonly #chunkSize: number;

  /** Never larger than a chunk; grows by doubling. */
  #slab: Buffer = Buffer.alloc(0);

  /** Bytes of `#slab` that are taken. */
  #byteLength = 0;

  /** The other slab, while no chunk of it is in flight. */
  #spare: Buffer | undefined = Buffer.alloc(0);

  /** Slab of the chunk in flight. */
  #inFlight: Buffer | undefined;

  /** @param chunkSize Bytes in a full chunk. */
  constructor(chunkSize: number) {
    this.#chunkSize = chunkSize;
  }

  /** Bytes held and not yet cut. */
  get byteLength(): number {
    return this.#byteLength;
  }

  get isFull(): boolean {
    return this.#byteLength === this.#chunkSize;
  }

  /** Bytes held and not yet cut, by reference. */
  get bytes(): Buffer {
    return this.#slab.subarray(0, this.#byteLength);
  }

  /** Copies what fits and returns the bytes that did not, or `undefined` when all did. */
  add(data: string | Uint8Array, encoding: BufferEncoding): Uint8Array | undefined {
    if (typeof data !== 'string') return this.#addBytes(data);

    // No encoding makes more than three bytes of a UTF-16 unit; counting costs only at the edge.
    const free = this.#chunkSize - this.#byteLength;
    const most = data.length * 3;
    if (most > free && Buffer.byteLength(data, encoding) > free) {
      return this.#addBytes(Buffer.from(data, encoding));
    }
    this.#reserve(Math.min(most, free));
    this.#byteLength +=
      encoding === 'utf8'
        ? this.#slab.write(data, this.#byteLength)
        : this.#slab.write(data, this.#byteLength, encoding);
    return undefined;
  }

  /**
   * Freezes what is held as a chunk and goes on in the other slab.
   *
   * The chunk cut before must have been released.
   */
  cut(): Buffer {
    if (this.#spare === undefined) throw new Error('Cannot cut a chunk while another is in flight');
    const chunk = this.bytes;
    this.#inFlight = this.#slab;
    this.#slab = this.#spare;
    this.#spare = undefined;
    this.#byteLength = 0;
    return chunk;
  }

  /**
   * Ends the flight of the chunk: its bytes may be overwritten from now on.
   *
   * @param options `reuse: false` when somebody may still read them; they are then left alone.
   */
  release({ reuse }: { reuse: boolean }): void {
    this.#spare = reuse ? this.#inFlight : Buffer.alloc(0);
    this.#inFlight = undefined;
  }

  #addBytes(bytes: Uint8Array): Uint8Array | undefined {
    const taken = Math.min(bytes.byteLength, this.#chunkSize - this.#byteLength);
    this.#reserve(taken);
    const fits = taken === bytes.byteLength;
    this.#slab.set(fits ? bytes : bytes.subarray(0, taken), this.#byteLength);
    this.#byteLength += taken;
    return fits ? undefined : bytes.subarray(taken);
  }

  #reserve(byteLength: number): void {
    const needed = this.#byteLength + byteLength;
    if (needed <= this.#slab.byteLength) return;
    const capacity = Math.max(needed, 2 * this.#slab.byteLength, initialCapacity);
    const slab = Buffer.allocUnsafeSlow(Math.min(capacity, this.#chunkSize));
    slab.set(this.bytes);
    this.#slab = slab;
  }
}
