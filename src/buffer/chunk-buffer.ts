import { type SlabPool, sharedSlabs } from './slab-pool.js';

/** Initial bytes of a slab, so that a stream with little traffic stays small. */
const initialCapacity = 16 * 1024;

/**
 * Minimum length of a write that is not copied while the next chunk is full. It can wait in Node's
 * queue: the fewer slabs are in use, the more of them fit into the processor's cache. A smaller
 * write would cost more in the queue than its copy does.
 */
const minLarge = 4 * 1024;

/** Maximum bytes for a UTF-16 unit of a string; no other encoding needs more. */
const maxUtf8 = 3;

const noBytes = Buffer.alloc(0);

/**
 * Collects writes into chunks, in order, by copying each byte once.
 *
 * A chunk is one contiguous run of bytes in a slab of its own. Slabs come from a pool and return to
 * it, so steady traffic allocates nothing and an idle stream holds nothing. The buffer has no timer
 * and does no I/O: it decides what a chunk contains, not when it is sent.
 */
export class ChunkBuffer {
  readonly #chunkSize: number;
  readonly #limit: number;
  readonly #pool: SlabPool;

  /** Full chunks that wait to be cut, the oldest first. */
  readonly #full: Buffer[] = [];

  /** The filling slab; never larger than a chunk. */
  #slab: Buffer = noBytes;

  /** Bytes used in `#slab`. */
  #taken = 0;

  /**
   * End of the part of `#slab` that {@link addBehind} may fill without further checks; 0 while the
   * slab is empty, because the first byte of a chunk starts the flush timer.
   */
  #end = 0;

  /** Slab of the chunk in flight. */
  #inFlight: Buffer | undefined;

  /** A slab too large for the pool, kept for reuse. */
  #spare: Buffer | undefined;

  /** Expected length of the next chunk, judged by the last. */
  #expected = initialCapacity;

  /**
   * @param chunkSize Bytes in a full chunk.
   * @param limit Maximum bytes held, without the chunk in flight; at least one chunk.
   */
  constructor(chunkSize: number, limit: number = chunkSize, pool: SlabPool = sharedSlabs) {
    this.#chunkSize = chunkSize;
    this.#limit = limit;
    this.#pool = pool;
  }

  /** Bytes held and not yet cut. */
  get byteLength(): number {
    return this.#full.length * this.#chunkSize + this.#taken;
  }

  /** Length of the chunk that {@link cut} would return now. */
  get nextLength(): number {
    return this.#full.length > 0 ? this.#chunkSize : this.#taken;
  }

  /** Whether a whole chunk is ready. */
  get isFull(): boolean {
    return this.#full.length > 0 || this.#taken === this.#chunkSize;
  }

  /** Number of full chunks that have another behind them. */
  get fullCount(): number {
    return this.#full.length;
  }

  /** Bytes held and not yet cut, in order, by reference. */
  get pieces(): Buffer[] {
    return [...this.#full, this.#slab.subarray(0, this.#taken)];
  }

  /** Copies the bytes that fit and returns the rest, or `undefined` if all fitted. */
  add(data: string | Uint8Array, encoding: BufferEncoding): Uint8Array | undefined {
    if (encoding === 'utf8' && this.addBehind(data)) return undefined;
    const isLarge = data.length >= minLarge;
    if (typeof data !== 'string') return this.#addBytes(data, isLarge);
    if (!this.#makeRoom(data, encoding))
      return this.#addBytes(Buffer.from(data, encoding), isLarge);
    this.#taken += this.#slab.write(data, this.#taken, encoding);
    this.#findEnd();
    return undefined;
  }

  /**
   * Copies all of `data`, a string as UTF-8, if the filling chunk certainly has room for it and
   * does not become full; nothing if that chunk is empty.
   *
   * @returns Whether it copied `data`.
   */
  addBehind(data: string | Uint8Array): boolean {
    const room = this.#end - this.#taken;
    if (typeof data === 'string') {
      if (data.length * maxUtf8 >= room) return false;
      this.#taken += this.#slab.write(data, this.#taken);
    } else {
      if (data.length >= room || data.length >= minLarge) return false;
      this.#slab.set(data, this.#taken);
      this.#taken += data.length;
    }
    return true;
  }

  /**
   * Freezes the oldest bytes, at most `chunkSize`, as a chunk.
   *
   * The previous chunk must have been released.
   */
  cut(): Buffer {
    if (this.#inFlight !== undefined) {
      throw new Error('Cannot cut a chunk while another is in flight');
    }
    const full = this.#full.shift();
    if (full !== undefined) {
      this.#inFlight = full;
      this.#findEnd();
      return full;
    }
    const chunk = this.#slab.subarray(0, this.#taken);
    this.#expected = Math.max(this.#taken, initialCapacity);
    this.#inFlight = this.#slab;
    this.#useSlab(noBytes, 0);
    return chunk;
  }

  /**
   * Releases the chunk in flight: its bytes may be overwritten from now on.
   *
   * @param options `reuse: false` if a client may still read them; the slab is then not reused.
   */
  release({ reuse }: { reuse: boolean }): void {
    if (reuse && this.#inFlight !== undefined) this.#giveBack(this.#inFlight);
    this.#inFlight = undefined;
  }

  /** Bytes for which the filling chunk still has room. */
  get #free(): number {
    return Math.min(this.#chunkSize - this.#taken, this.#limit - this.byteLength);
  }

  /** Makes room for the whole string in the slab; `false` if the string has to be split. */
  #makeRoom(data: string, encoding: BufferEncoding): boolean {
    const free = this.#free;
    // Measuring the string is slow, so only where the upper bound does not fit.
    const most = data.length * maxUtf8;
    if (most > free && Buffer.byteLength(data, encoding) > free) return false;
    this.#reserve(Math.min(most, free));
    return true;
  }

  #addBytes(bytes: Uint8Array, isLarge: boolean): Uint8Array | undefined {
    let rest = bytes;
    while (rest.byteLength > 0) {
      if (isLarge && this.isFull) return rest;
      if (this.#taken === this.#chunkSize && this.byteLength < this.#limit) this.#startNext();
      const free = this.#free;
      if (free === 0) return rest;
      const piece = rest.byteLength <= free ? rest : rest.subarray(0, free);
      this.#reserve(piece.byteLength);
      this.#slab.set(piece, this.#taken);
      this.#taken += piece.byteLength;
      this.#findEnd();
      rest = rest.subarray(piece.byteLength);
    }
    return undefined;
  }

  /** Moves the full slab to the full chunks. */
  #startNext(): void {
    this.#full.push(this.#slab);
    this.#expected = this.#chunkSize;
    this.#useSlab(noBytes, 0);
  }

  #reserve(byteLength: number): void {
    const needed = this.#taken + byteLength;
    if (needed <= this.#slab.byteLength) return;
    const capacity = Math.max(needed, 2 * this.#slab.byteLength, this.#expected);
    const slab = this.#take(Math.min(roundUp(capacity), this.#chunkSize));
    slab.set(this.#slab.subarray(0, this.#taken));
    this.#giveBack(this.#slab);
    this.#useSlab(slab, this.#taken);
  }

  #useSlab(slab: Buffer, taken: number): void {
    this.#slab = slab;
    this.#taken = taken;
    this.#findEnd();
  }

  #findEnd(): void {
    const end = Math.min(this.#slab.byteLength, this.#taken + this.#free);
    this.#end = this.#taken === 0 ? 0 : end;
  }

  #take(byteLength: number): Buffer {
    const spare = this.#spare;
    if (spare?.byteLength !== byteLength) return this.#pool.take(byteLength);
    this.#spare = undefined;
    return spare;
  }

  #giveBack(slab: Buffer): void {
    if (slab.byteLength > 0 && !this.#pool.give(slab)) this.#spare = slab;
  }
}

/** The next power of two, so that slabs have few sizes. */
function roundUp(byteLength: number): number {
  return 2 ** Math.ceil(Math.log2(byteLength));
}
