import { nodeTimers } from '../timers/node-timers.js';
import { type Acknowledge, Acknowledgements, type Anchor } from './acknowledgements.js';
import { ChunkBuffer } from './chunk-buffer.js';
import { FlushTimer } from './flush-timer.js';

/** A write that found no room for all of its bytes. */
interface WaitingWrite {
  /** Offset of its first byte. */
  readonly start: number;

  /** What Node counts it for: bytes, or UTF-16 units of a string. */
  readonly length: number;
  readonly callback: (error?: Error | null) => void;
  rest: Uint8Array;
}

export interface WriteBufferOptions {
  readonly chunkSize: number;

  /** Most bytes that wait to be cut; at least one chunk. */
  readonly limit: number;
  readonly flushInterval: number;
}

/**
 * Takes writes in and keeps account of them: what has been accepted, cut and committed, who waits
 * for it, and what must leave without waiting for a full chunk.
 *
 * Offsets count the bytes of the stream from its first. Whoever appends takes chunks from it, and is
 * told when one should be cut; whether it can be is his business.
 */
export class WriteBuffer {
  readonly #buffer: ChunkBuffer;
  readonly #flushTimer: FlushTimer;
  readonly #acknowledgements = new Acknowledgements();
  #onDue: () => void = () => {};
  #waiting: WaitingWrite | undefined;

  /** Number of the last write that was announced, and of the last that was accepted whole. */
  #announced = 0;
  #sequence = 0;

  /** Number of the last write that somebody asked to flush, and the offset of its end once known. */
  #flushSequence = 0;
  #flushOffset = 0;

  /** Offset of the first byte that is in no chunk yet. */
  #cutOffset = 0;
  #committedOffset = 0;

  /** Before an object is opened nothing counts as committed, not even nothing. */
  #anchor: Anchor | undefined;
  #hasEnded = false;

  constructor({ chunkSize, limit, flushInterval }: WriteBufferOptions) {
    this.#buffer = new ChunkBuffer(chunkSize, limit);
    this.#flushTimer = new FlushTimer(flushInterval, () => this.#onDue());
  }

  /** Has `onDue` called, and nobody else from now on, when a chunk should be cut. */
  serve(onDue: () => void): void {
    this.#onDue = onDue;
  }

  get bytesCommitted(): number {
    return this.#committedOffset;
  }

  /** Bytes copied into memory so far, those of a waiting write that found room included. */
  get bytesAccepted(): number {
    return this.#cutOffset + this.#buffer.byteLength;
  }

  get bytesInFlight(): number {
    return this.#cutOffset - this.#committedOffset;
  }

  /**
   * Bytes accepted and not committed, and what is left of the waiting write.
   *
   * @param queued What Node counts for its queue, the whole of the waiting write included.
   */
  bytesUncommitted(queued: number): number {
    const waiting =
      this.#waiting === undefined ? 0 : this.#waiting.rest.byteLength - this.#waiting.length;
    return this.bytesAccepted - this.#committedOffset + queued + waiting;
  }

  /** Bytes that the next chunk would hold. */
  get nextLength(): number {
    return this.#buffer.nextLength;
  }

  /** Whether they must leave now: full, old enough, or asked for. */
  get isDue(): boolean {
    return this.#buffer.isFull || this.#flushTimer.isDue || this.#flushOffset > this.#cutOffset;
  }

  /** The object `key` has been opened: what is committed next will lie at `position`. */
  open(key: string, position: number): void {
    this.#anchor = { key, offset: this.#committedOffset, position };
    this.#acknowledgements.commit(this.#committedOffset, this.#anchor);
  }

  /**
   * Takes the next write, and calls back when all of it has found room.
   *
   * Node makes the next call only after that.
   */
  accept(
    data: string | Uint8Array,
    encoding: BufferEncoding,
    callback: WaitingWrite['callback'],
  ): void {
    const start = this.bytesAccepted;
    const rest = this.#add(data, encoding);
    if (rest === undefined) this.#accepted(start);
    else this.#waiting = { start, length: data.length, callback, rest };
    if (this.#buffer.isFull) this.#onDue();
    if (rest === undefined) callback();
  }

  /**
   * As {@link accept}, if it comes to no more than a copy; otherwise takes nothing and returns `false`.
   *
   * Nothing may wait for room, and nobody for this write.
   */
  acceptAtOnce(data: string | Uint8Array): boolean {
    if (!this.#buffer.addBehind(data)) return false;
    this.#announced++;
    this.#sequence++;
    return true;
  }

  /** Goes on with the write that found no room, and so with those in Node's queue behind it. */
  resume(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    const rest = this.#add(waiting.rest, 'utf8');
    if (rest === undefined) {
      this.#waiting = undefined;
      this.#accepted(waiting.start);
    } else {
      waiting.rest = rest;
    }
    // The chunk before may have been committed already, by a client that answers at once.
    if (this.#buffer.isFull) this.#onDue();
    // Last, because Node calls the listeners of 'drain' within it, and one of them may throw.
    if (rest === undefined) waiting.callback();
  }

  /**
   * Numbers the next write, which Node may keep in its queue before it is accepted, and has
   * `acknowledge` told when it has been committed.
   */
  announce(acknowledge?: Acknowledge): void {
    const sequence = ++this.#announced;
    if (acknowledge !== undefined) this.#acknowledgements.add(sequence, acknowledge);
  }

  /** Takes back the last call of {@link announce}: Node has refused the write. */
  withdraw(acknowledge?: Acknowledge): void {
    this.#announced--;
    if (acknowledge !== undefined) this.#acknowledgements.removeLast();
  }

  /** Lets the writes announced so far leave without waiting for a full chunk. */
  flush(acknowledge: Acknowledge): void {
    const sequence = this.#announced;
    if (sequence <= this.#sequence && this.bytesAccepted === this.#committedOffset) {
      // Nothing to wait for, not even for the object to be opened.
      nodeTimers.nextTick(acknowledge, null);
      return;
    }
    this.#flushSequence = sequence;
    this.#acknowledgements.add(sequence, acknowledge);
    if (sequence <= this.#sequence) this.#locate(sequence, this.bytesAccepted);
  }

  /** Has `acknowledge` told when {@link end} is called. */
  acknowledgeEnd(acknowledge: Acknowledge): void {
    if (this.#hasEnded) nodeTimers.nextTick(acknowledge, null);
    else this.#acknowledgements.add(Number.POSITIVE_INFINITY, acknowledge);
  }

  /** Everything has been committed, and nothing more will be written. */
  end(): void {
    this.#hasEnded = true;
    this.#locate(Number.POSITIVE_INFINITY, this.#committedOffset);
  }

  /** Freezes what has been accepted as a chunk. The one cut before must have been released. */
  cut(): Buffer {
    const chunk = this.#buffer.cut();
    this.#cutOffset += chunk.byteLength;
    if (this.#buffer.byteLength === 0) this.#flushTimer.stop();
    return chunk;
  }

  /** Ends the flight of the chunk; see {@link ChunkBuffer.release}. */
  release(options: { reuse: boolean }): void {
    this.#buffer.release(options);
  }

  /** The next `byteLength` bytes of the chunk in flight have been committed. */
  commit(byteLength: number): void {
    if (byteLength > this.bytesInFlight) {
      throw new Error(`Cannot commit ${byteLength} of ${this.bytesInFlight} bytes in flight`);
    }
    this.#committedOffset += byteLength;
    this.#acknowledgements.commit(this.#committedOffset, this.#anchor as Anchor);
  }

  /**
   * Tells everybody who waits that nothing more will be committed, and hands out what is in no
   * chunk.
   *
   * @param error What ended the stream, for the waiting write: Node calls back those of `end()`
   *   only after that.
   * @param reason What those who wait for a commit are told.
   */
  close(error: Error | null, reason: Error): Buffer[] {
    const { pieces } = this.#buffer;
    this.#flushTimer.close();
    this.#acknowledgements.fail(reason);
    if (this.#waiting !== undefined) {
      // The slab is ours for good, but this memory is its caller's, who is told now.
      pieces.push(Buffer.from(this.#waiting.rest));
      nodeTimers.nextTick(this.#waiting.callback, error);
      this.#waiting = undefined;
    }
    return pieces;
  }

  #add(data: string | Uint8Array, encoding: BufferEncoding): Uint8Array | undefined {
    const { nextLength, fullCount } = this.#buffer;
    const rest = this.#buffer.add(data, encoding);
    // Chunks that are full do not wait for the clock: it counts for what is behind them.
    const isFirst = nextLength === 0 || fullCount !== this.#buffer.fullCount;
    if (isFirst && this.#buffer.nextLength > 0) this.#flushTimer.start();
    return rest;
  }

  #accepted(start: number): void {
    const sequence = ++this.#sequence;
    if (this.#acknowledgements.isWaitingFor(sequence)) this.#locate(sequence, start);
  }

  /** The bytes of the write numbered `sequence` begin at `start`, and all have been accepted. */
  #locate(sequence: number, start: number): void {
    const end = this.bytesAccepted;
    this.#acknowledgements.locate(sequence, { start, end });
    if (this.#anchor !== undefined) {
      this.#acknowledgements.commit(this.#committedOffset, this.#anchor);
    }
    if (sequence !== this.#flushSequence) return;
    this.#flushOffset = end;
    this.#onDue();
  }
}
