import type { ChunkBufferOptions } from './chunk-buffer-options.js';
import { ChunkQueue, type SeparatedChunk } from './chunk-queue.js';
import { RecordEnds } from './record-ends.js';
import { sharedSlabs } from './slab-pool.js';
import { roundUp, SlabSource } from './slab-source.js';

/** Initial bytes of a slab: a stream with little traffic stays small. */
const initialCapacity = 16 * 1024;

/**
 * Minimum length of a write that is not copied while the next chunk is full, but waits in Node's queue:
 * the fewer slabs are in use, the more of them fit into the processor's cache.
 */
const minLarge = 4 * 1024;

/** Maximum bytes for a UTF-16 unit of a string; no other encoding needs more. */
const maxUtf8 = 3;

const noBytes = Buffer.alloc(0);

/**
 * Collects writes into chunks, in order, by copying each byte once.
 *
 * A chunk is one contiguous run of bytes in a slab of its own, and ends where a record does unless
 * the record is longer. Slabs come from a pool and return to it, so steady traffic allocates nothing
 * and an idle stream holds nothing. The buffer has no timer and does no I/O: it decides what a chunk
 * contains, not when it is sent.
 */
export class ChunkBuffer {
  readonly #chunkSize: number;
  readonly #limit: number;
  readonly #slabs: SlabSource;
  readonly #ends: RecordEnds;

  /** Maximum bytes of a record that is longer than a chunk; 0 if such records are divided. */
  readonly #maxRecordSize: number;

  /** Chunks that are complete. */
  readonly #full = new ChunkQueue();

  /** The filling slab; never larger than a chunk. */
  #slab: Buffer = noBytes;

  /** Bytes used in `#slab`. */
  #taken = 0;

  /** Offset in the stream of the first byte of `#slab`. */
  #slabOffset = 0;

  /**
   * End of the part of `#slab` that {@link addBehind} may fill without further checks; 0 while the
   * slab is empty, because the first byte of a chunk starts the flush timer.
   */
  #end = 0;

  /** What {@link addBehind} refuses: everything, or what would pass an offset in the stream. */
  #isWatched = false;

  /** Whether large writes are copied too while the next chunk is full. */
  #isEager = false;
  #barrier = Number.POSITIVE_INFINITY;

  /** The chunk in flight. */
  #inFlight: SeparatedChunk | undefined;

  /** Expected length of the next chunk, judged by the last. */
  #expected = initialCapacity;

  constructor(options: ChunkBufferOptions) {
    const { chunkSize, limit = chunkSize, pool = sharedSlabs, ends = new RecordEnds() } = options;
    this.#chunkSize = chunkSize;
    this.#limit = limit;
    this.#slabs = new SlabSource(pool, chunkSize);
    this.#ends = ends;
    this.#maxRecordSize = options.maxRecordSize ?? 0;
  }

  /** Bytes held and not yet cut. */
  get byteLength(): number {
    return this.#full.byteLength + this.#taken;
  }

  /** Length of the next chunk if it takes all that it can hold. */
  get nextLength(): number {
    return this.#full.nextLength ?? this.#taken;
  }

  /**
   * Length of the next chunk if it ends with a record; 0 if no whole record waits. A full chunk that
   * is part of one longer record counts whole.
   */
  get recordsLength(): number {
    const { nextLength } = this.#full;
    if (nextLength !== undefined) return nextLength;
    return this.#findRecordsEnd() || (this.#isSlabFull ? this.#taken : 0);
  }

  /** Whether a whole chunk is ready. */
  get isFull(): boolean {
    return this.#full.count > 0 || this.#isSlabFull;
  }

  /** Whether the record that has begun is longer than allowed. */
  get isRecordTooLong(): boolean {
    return this.#isGrowing && this.#taken >= this.#maxRecordSize;
  }

  /** Number of full chunks that have another behind them. */
  get fullCount(): number {
    return this.#full.count;
  }

  /** Offset in the stream of the next byte to be added. */
  get offset(): number {
    return this.#slabOffset + this.#taken;
  }

  /** Whether that byte will be the first of a chunk. */
  get isBetweenChunks(): boolean {
    return this.#taken === 0 || this.#isSlabFull;
  }

  /** Bytes for which the chunk has room that gets the next one. */
  get roomInChunk(): number {
    return this.isBetweenChunks ? this.#chunkSize : this.#chunkSize - this.#taken;
  }

  /** Where the last record ends, as an offset in the stream; `undefined` if not in the filling chunk. */
  get recordsEnd(): number | undefined {
    const end = this.#findRecordsEnd();
    return end === 0 && this.#ends.isWithinRecord ? undefined : this.#slabOffset + end;
  }

  /** Whether the chunk in flight begins within a record. */
  get isCutWithinRecord(): boolean {
    return this.#inFlight?.isWithinRecord ?? false;
  }

  /** Bytes held and not yet cut, in order, by reference. */
  get pieces(): Buffer[] {
    return [...this.#full.pieces, this.#slab.subarray(0, this.#taken)];
  }

  /** Copies the bytes that fit and returns the rest, or `undefined` if all fitted. */
  add(data: string | Uint8Array, encoding: BufferEncoding): Uint8Array | undefined {
    if (encoding === 'utf8' && this.addBehind(data)) return undefined;
    const isLarge = data.length >= minLarge && !this.#isEager;
    if (typeof data !== 'string') return this.#addBytes(data, isLarge);
    if (this.#isGrowing || !this.#makeRoom(data, encoding))
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
   *
   * @param byteLength Length of the chunk: {@link nextLength} or {@link recordsLength}.
   */
  cut(byteLength: number = this.nextLength): Buffer {
    if (this.#inFlight !== undefined) {
      throw new Error('Cannot cut a chunk while another is in flight');
    }
    this.#inFlight = this.#full.shift() ?? this.#separateEarly(byteLength);
    this.#findEnd();
    return this.#inFlight.chunk;
  }

  /** Ends the filling chunk at `offset` in the stream, which must lie in it. */
  split(offset: number): void {
    const byteLength = offset - this.#slabOffset;
    if (byteLength > 0) this.#push(this.#separateEarly(byteLength));
  }

  /** How many of `bytes`, if added next, complete the record that has begun; see {@link RecordEnds.firstEnd}. */
  recordEndIn(bytes: Uint8Array): number | undefined {
    return this.#ends.firstEnd(bytes, this.#slab.subarray(0, this.#taken));
  }

  /** Copies every write as long as there is room: when it is accepted matters. */
  acceptEagerly(): void {
    this.#isEager = true;
  }

  /** Makes {@link addBehind} refuse what would pass `offset`. */
  setBarrier(offset: number): void {
    this.#barrier = offset;
    this.#findEnd();
  }

  /** Makes {@link addBehind} refuse everything, so that the caller sees each write. */
  watch(isWatched: boolean): void {
    this.#isWatched = isWatched;
    this.#findEnd();
  }

  /**
   * Releases the chunk in flight: its bytes may be overwritten from now on.
   *
   * @param options `reuse: false` if a client may still read them; the slab is then not reused.
   */
  release({ reuse }: { reuse: boolean }): void {
    if (reuse && this.#inFlight !== undefined) this.#slabs.give(this.#inFlight.slab);
    this.#inFlight = undefined;
  }

  /** Memory in use, without the chunk in flight: chunks that end early do not fill their slabs. */
  get #occupied(): number {
    return this.#full.memory + this.#taken;
  }

  /** Whether the filling slab is complete as a chunk. */
  get #isSlabFull(): boolean {
    return this.#taken >= this.#chunkSize && !this.#isGrowing;
  }

  /** Whether the filling slab holds nothing but the beginning of a record longer than a chunk. */
  get #isGrowing(): boolean {
    if (this.#maxRecordSize === 0 || this.#taken < this.#chunkSize) return false;
    return this.#findRecordsEnd() === 0;
  }

  /** Bytes for which the filling chunk still has room. */
  get #free(): number {
    const size = this.#isGrowing ? this.#maxRecordSize : this.#chunkSize;
    // Nothing else waits that could make room for such a record by being sent.
    const isAlone = this.#isGrowing && this.#full.count === 0;
    const limit = isAlone ? this.#maxRecordSize : this.#limit;
    const room = Math.min(size - this.#taken, limit - this.#occupied);
    // The beginning of a record that moved to a new slab may have passed the limit.
    return Math.max(0, room);
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
      if (this.#isSlabFull && this.#occupied < this.#limit) this.#startNext();
      const end = this.#isGrowing ? this.recordEndIn(rest) : undefined;
      const free = Math.min(this.#free, end ?? rest.byteLength);
      if (free === 0) return rest;
      const piece = rest.subarray(0, free);
      this.#reserve(piece.byteLength);
      this.#slab.set(piece, this.#taken);
      this.#taken += piece.byteLength;
      this.#findEnd();
      rest = rest.subarray(piece.byteLength);
    }
    return undefined;
  }

  /** Moves the full slab, as far as it holds whole records, to the full chunks. */
  #startNext(): void {
    this.#expected = this.#chunkSize;
    this.#push(this.#separate(this.#findRecordsEnd() || this.#taken));
  }

  #push(separated: SeparatedChunk): void {
    this.#full.push(separated);
    this.#findEnd();
  }

  /** Separates from a chunk that need not be full. */
  #separateEarly(byteLength: number): SeparatedChunk {
    const expected = Math.max(this.#taken, initialCapacity);
    // The beginning of a record may wait long: it gets a small slab, which grows at once with more.
    this.#expected = initialCapacity;
    const separated = this.#separate(byteLength);
    this.#expected = expected;
    return separated;
  }

  /** Takes the first bytes of the filling slab, and copies those behind them to the next. */
  #separate(byteLength: number): SeparatedChunk {
    const slab = this.#slab;
    const chunk = slab.subarray(0, byteLength);
    const rest = slab.subarray(byteLength, this.#taken);
    const { isWithinRecord } = this.#ends;
    this.#ends.cutOff(chunk);
    this.#slabOffset += byteLength;
    this.#useSlab(noBytes, 0);
    if (rest.byteLength > 0) {
      this.#reserve(rest.byteLength);
      this.#slab.set(rest);
      this.#useSlab(this.#slab, rest.byteLength);
    }
    return { chunk, slab, isWithinRecord };
  }

  /** End of the last record in the filling slab; 0 if none ends there. */
  #findRecordsEnd(): number {
    return this.#ends.nextEnd(this.#slab.subarray(0, this.#taken));
  }

  #reserve(byteLength: number): void {
    const needed = this.#taken + byteLength;
    if (needed <= this.#slab.byteLength) return;
    const capacity = Math.max(needed, 2 * this.#slab.byteLength, this.#expected);
    const most = needed > this.#chunkSize ? this.#maxRecordSize : this.#chunkSize;
    const slab = this.#slabs.take(Math.min(roundUp(capacity), most));
    slab.set(this.#slab.subarray(0, this.#taken));
    this.#slabs.give(this.#slab);
    this.#useSlab(slab, this.#taken);
  }

  #useSlab(slab: Buffer, taken: number): void {
    this.#slab = slab;
    this.#taken = taken;
    this.#findEnd();
  }

  #findEnd(): void {
    const barrier = this.#barrier - this.#slabOffset;
    const end = Math.min(this.#slab.byteLength, this.#taken + this.#free, barrier);
    this.#end = this.#taken === 0 || this.#isWatched || this.#isGrowing ? 0 : end;
  }
}
