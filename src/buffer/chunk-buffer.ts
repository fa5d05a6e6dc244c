import { type SlabPool, sharedSlabs } from './slab-pool.js';

/** Bytes a slab starts with, so that a stream with little to say stays small. */
const initialCapacity = 16 * 1024;

/**
 * Least length of what is not copied ahead of the chunk that leaves next. It can wait where it is,
 * and the fewer slabs take turns, the more of them the processor's cache holds. What is smaller
 * would cost more in Node's queue than its copy does.
 */
const leastLarge = 4 * 1024;

/** Most bytes that a UTF-16 unit of a string comes to; no other encoding makes more of one. */
const mostUtf8 = 3;

const noBytes = Buffer.alloc(0);

/**
 * Collects writes into chunks, in order, by copying each byte once.
 *
 * A chunk is one contiguous run of bytes in a slab of its own. Slabs come from a pool and go back
 * there, so steady traffic allocates nothing and an idle stream holds nothing. Holds no timer and
 * does no I/O: it knows what a chunk contains, never when it leaves.
 */
export class ChunkBuffer {
  readonly #chunkSize: number;
  readonly #limit: number;
  readonly #pool: SlabPool;

  /** Chunks that are full and wait to be cut, the oldest first. */
  readonly #full: Buffer[] = [];

  /** The slab that is filling; never larger than a chunk. */
  #slab: Buffer = noBytes;

  /** Bytes of `#slab` that are taken. */
  #taken = 0;

  /**
   * Bytes of `#slab` that may be taken before anything else has to be looked at; none while it holds
   * nothing, since the first byte of a chunk has to be noticed.
   */
  #end = 0;

  /** Slab of the chunk in flight. */
  #inFlight: Buffer | undefined;

  /** A slab that is too large for the pool. */
  #spare: Buffer | undefined;

  /** How much the next slab will probably have to hold, judged by the last. */
  #expected = initialCapacity;

  /**
   * @param chunkSize Bytes in a full chunk.
   * @param limit Most bytes held at a time, without the chunk in flight; at least one chunk.
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

  /** Bytes of the chunk that would be cut now. */
  get nextLength(): number {
    return this.#full.length > 0 ? this.#chunkSize : this.#taken;
  }

  /** Whether a whole chunk is there. */
  get isFull(): boolean {
    return this.#full.length > 0 || this.#taken === this.#chunkSize;
  }

  /** Chunks that are full and have another behind them. */
  get fullCount(): number {
    return this.#full.length;
  }

  /** Bytes held and not yet cut, in order, by reference. */
  get pieces(): Buffer[] {
    return [...this.#full, this.#slab.subarray(0, this.#taken)];
  }

  /** Copies what fits and returns the bytes that did not, or `undefined` when all did. */
  add(data: string | Uint8Array, encoding: BufferEncoding): Uint8Array | undefined {
    if (encoding === 'utf8' && this.addBehind(data)) return undefined;
    const isLarge = data.length >= leastLarge;
    if (typeof data !== 'string') return this.#addBytes(data, isLarge);
    if (!this.#makeRoom(data, encoding))
      return this.#addBytes(Buffer.from(data, encoding), isLarge);
    this.#taken += this.#slab.write(data, this.#taken, encoding);
    this.#findEnd();
    return undefined;
  }

  /**
   * Copies all of `data`, a string as UTF-8, if it surely fits behind what is in the filling chunk,
   * and does not fill it. Where the filling chunk is empty, nothing can go behind it.
   *
   * @returns Whether it did: it is all or nothing.
   */
  addBehind(data: string | Uint8Array): boolean {
    const room = this.#end - this.#taken;
    if (typeof data === 'string') {
      if (data.length * mostUtf8 >= room) return false;
      this.#taken += this.#slab.write(data, this.#taken);
    } else {
      if (data.length >= room || data.length >= leastLarge) return false;
      this.#slab.set(data, this.#taken);
      this.#taken += data.length;
    }
    return true;
  }

  /**
   * Freezes the oldest bytes, at most `chunkSize`, as a chunk.
   *
   * The chunk cut before must have been released.
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
   * Ends the flight of the chunk: its bytes may be overwritten from now on.
   *
   * @param options `reuse: false` when somebody may still read them; they are then left alone.
   */
  release({ reuse }: { reuse: boolean }): void {
    if (reuse && this.#inFlight !== undefined) this.#giveBack(this.#inFlight);
    this.#inFlight = undefined;
  }

  /** Bytes that the filling chunk may still take. */
  get #free(): number {
    return Math.min(this.#chunkSize - this.#taken, this.#limit - this.byteLength);
  }

  /** Whether the slab has room for the string now; never where it might have to be split. */
  #makeRoom(data: string, encoding: BufferEncoding): boolean {
    const free = this.#free;
    // Counting costs only at the edge.
    const most = data.length * mostUtf8;
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

  /** Puts the full slab aside. */
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

/** The next power of two, so that slabs come in few sizes. */
function roundUp(byteLength: number): number {
  return 2 ** Math.ceil(Math.log2(byteLength));
}
