import type { Callback } from '../callback.js';
import { nodeTimers } from '../timers/node-timers.js';
import { tellDropped } from './drop-counter.js';
import { endsLine, firstLineEnd, lastLineEnd } from './line-ends.js';

/** Somebody who waits for what he wrote, and where that lies in all that was ever queued. */
interface Waiting {
  readonly start: number;
  readonly end: number;
  readonly callback: Callback;
}

/** What was taken from the front; `callback` tells everybody of whose bytes nothing is left. */
interface Taken {
  readonly bytes: Buffer;
  readonly callback: Callback | undefined;
}

/** Least bytes of one piece of memory: many lines share one. */
const segmentSize = 64 * 1024;

/** Bytes that wait in memory, of which whole lines can be dropped from the front. */
export class LineQueue {
  /** Filled up to the end, but for the last. */
  readonly #segments: Buffer[] = [];

  /** Bytes filled of the last, and bytes gone of the first. */
  #filled = 0;
  #gone = 0;

  /** Where the queue begins and ends, in all that was ever queued. */
  #start = 0;
  #end = 0;
  readonly #waiting: Waiting[] = [];

  /** How many of them have been taken out already: one by one that would move all the others. */
  #taken = 0;

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
   * Drops the first line, or what there is of it, and tells those who wait for any of it. Those who
   * wrote nothing there are still to be told.
   */
  dropLine(): Taken {
    const bytes = this.#take(firstLineEnd);
    const waiting = this.#takeWaiting(
      ({ start, end }) => start < this.#start || end <= this.#start,
    );
    for (const { start, end, callback } of waiting) if (start < end) tellDropped(callback);
    return { bytes, callback: together(waiting.filter(({ start, end }) => start === end)) };
  }

  /**
   * Takes lines from the front, with those who wait for the last of their bytes. What they end with
   * is the end of a line, but for the last of all.
   */
  shift(): Taken {
    const bytes = this.#take((piece) => lastLineEnd(piece, piece.byteLength) || piece.byteLength);
    return { bytes, callback: together(this.#takeWaiting(({ end }) => end <= this.#start)) };
  }

  /** Takes everything; those who wait for it are still to be told. */
  takeAll(): Buffer {
    const pieces: Buffer[] = [];
    while (this.byteLength > 0) pieces.push(this.#take((piece) => piece.byteLength));
    return Buffer.concat(pieces);
  }

  /** Tells everybody who waits that nothing more will be committed. */
  fail(error: Error): void {
    for (const { callback } of this.#takeWaiting(() => true)) nodeTimers.nextTick(callback, error);
  }

  /** Takes out those at the front for whom it holds. */
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
   * Takes from the front up to the end of a line, or all.
   *
   * @param endIn Where in a piece of memory to end; its length, when it ends no line.
   */
  #take(endIn: (piece: Buffer) => number): Buffer {
    const pieces: Buffer[] = [];
    for (let isWhole = false; !isWhole && this.byteLength > 0; ) {
      const first = this.#first();
      const piece = first.subarray(0, endIn(first));
      pieces.push(piece);
      this.#forget(piece.byteLength);
      isWhole = endsLine(piece);
    }
    return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
  }

  #first(): Buffer {
    const [first = Buffer.alloc(0)] = this.#segments;
    return first.subarray(this.#gone, this.#segments.length === 1 ? this.#filled : undefined);
  }

  #last(): Buffer {
    return this.#segments.at(-1) as Buffer;
  }

  /** Sees to it that there is room at the end, and tells how much. */
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

/** Tells them all, each on its own, so that an exception of theirs is theirs alone. */
function together(waiting: readonly Waiting[]): Callback | undefined {
  if (waiting.length === 0) return undefined;
  return (error) => {
    for (const { callback } of waiting) nodeTimers.nextTick(callback, error);
  };
}
