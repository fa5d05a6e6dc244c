import type { Callback } from '../../callback.js';
import { nodeTimers } from '../../timers/node-timers.js';
import { combinedCallback } from './combined-callback.js';
import { tellDropped } from './drop-counter.js';
import { LineEnds } from './line-ends.js';
import { lineFeed, type RecordDelimiter } from './record-delimiter.js';

/** A write's callback, with the write's offsets, counted from the first byte ever queued. */
interface Waiting {
  readonly start: number;
  readonly end: number;
  readonly callback: Callback;
}

/** Bytes from the front; `callback` calls the callbacks of the writes that are now fully taken. */
interface Taken {
  readonly bytes: Buffer;
  readonly callback: Callback | undefined;
}

/** Minimum bytes of a segment, so that many lines share one allocation. */
const segmentSize = 64 * 1024;

/** Byte queue that can drop whole lines from its front. */
export class LineQueue {
  /** All full, except the last. */
  readonly #segments: Buffer[] = [];

  /** Bytes filled in the last segment, and bytes already taken from the first. */
  #filled = 0;
  #gone = 0;

  /** Offsets of the queue's front and back, counted from the first byte ever queued. */
  #start = 0;
  #end = 0;
  readonly #waiting: Waiting[] = [];

  /** Entries of `#waiting` already taken: removing each at once would move all the others. */
  #taken = 0;

  /** The pieces of the line that is being taken have been passed to it. */
  readonly #ends: LineEnds;

  constructor(delimiter: RecordDelimiter = lineFeed) {
    this.#ends = new LineEnds(delimiter);
  }

  get byteLength(): number {
    return this.#end - this.#start;
  }

  /** Copies bytes to the end. */
  push(bytes: Uint8Array, callback?: Callback): void {
    const start = this.#end;
    for (let rest = bytes; rest.byteLength > 0; ) {
      const piece = rest.subarray(0, this.#roomFor(rest.byteLength));
      this.#last().set(piece, this.#filled);
      this.#filled += piece.byteLength;
      rest = rest.subarray(piece.byteLength);
    }
    this.#end += bytes.byteLength;
    if (callback !== undefined) this.#waiting.push({ start, end: this.#end, callback });
  }

  /**
   * Drops the first line, even if incomplete, and calls the callbacks of its writes with an error.
   * Returns the callbacks of empty writes for the caller to run.
   */
  dropLine(): Taken {
    const bytes = this.#take((piece) => this.#ends.firstEnd(piece));
    const waiting = this.#takeWaiting(
      ({ start, end }) => start < this.#start || end <= this.#start,
    );
    for (const { start, end, callback } of waiting) if (start < end) tellDropped(callback);
    return { bytes, callback: together(waiting.filter(({ start, end }) => start === end)) };
  }

  /**
   * Takes whole lines from the front, with the callbacks of the writes that end in them. Only the
   * queue's last bytes may be an incomplete line.
   */
  shift(): Taken {
    const bytes = this.#take(
      (piece) => this.#ends.lastEnd(piece, 0, piece.byteLength) || piece.byteLength,
    );
    return { bytes, callback: together(this.#takeWaiting(({ end }) => end <= this.#start)) };
  }

  /** Takes all bytes; their callbacks remain for {@link fail}. */
  takeAll(): Buffer {
    const pieces: Buffer[] = [];
    while (this.byteLength > 0) pieces.push(this.#take((piece) => piece.byteLength));
    return Buffer.concat(pieces);
  }

  /** Calls all remaining callbacks with `error`. */
  fail(error: Error): void {
    for (const { callback } of this.#takeWaiting(() => true)) nodeTimers.nextTick(callback, error);
  }

  /** Removes and returns the entries at the front for which `holds` is true. */
  #takeWaiting(holds: (waiting: Waiting) => boolean): Waiting[] {
    const taken: Waiting[] = [];
    for (let next = this.#waiting[this.#taken]; next !== undefined && holds(next); ) {
      taken.push(next);
      next = this.#waiting[++this.#taken];
    }
    if (2 * this.#taken >= this.#waiting.length) {
      this.#waiting.splice(0, this.#taken);
      this.#taken = 0;
    }
    return taken;
  }

  /**
   * Takes bytes from the front up to the end of a line; all bytes if there is none.
   *
   * @param endIn Offset in a segment at which to stop; the segment's length if no line ends in
   * it.
   */
  #take(endIn: (piece: Buffer) => number): Buffer {
    const pieces: Buffer[] = [];
    for (let isWhole = false; !isWhole && this.byteLength > 0; ) {
      const first = this.#first();
      const piece = first.subarray(0, endIn(first));
      pieces.push(piece);
      this.#forget(piece.byteLength);
      this.#ends.pass(piece);
      isWhole = !this.#ends.isWithinLine;
    }
    this.#ends.beginLine();
    return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
  }

  #first(): Buffer {
    const [first = Buffer.alloc(0)] = this.#segments;
    return first.subarray(this.#gone, this.#segments.length === 1 ? this.#filled : undefined);
  }

  #last(): Buffer {
    return this.#segments.at(-1) as Buffer;
  }

  /** Adds a segment if the last one is full, and returns the free bytes of the last one. */
  #roomFor(byteLength: number): number {
    if (this.#segments.length === 0 || this.#filled === this.#last().byteLength) {
      this.#segments.push(Buffer.allocUnsafeSlow(Math.max(byteLength, segmentSize)));
      this.#filled = 0;
    }
    return this.#last().byteLength - this.#filled;
  }

  #forget(byteLength: number): void {
    this.#start += byteLength;
    this.#gone += byteLength;
    const length = this.#segments.length === 1 ? this.#filled : this.#segments[0]?.byteLength;
    if (this.#gone < (length ?? 0)) return;
    this.#segments.shift();
    this.#gone = 0;
  }
}

function together(waiting: readonly Waiting[]): Callback | undefined {
  return combinedCallback(waiting.map(({ callback }) => callback));
}
