import { nodeTimers } from '../node-timers.js';

/** Where the bytes of a write lie in the stream: from `start` up to, and without, `end`. */
export interface OffsetRange {
  readonly start: number;
  readonly end: number;
}

/** Told once: with an error, or with the range whose last byte has been committed. */
export type Acknowledge = (error: Error | null, range?: OffsetRange) => void;

interface Entry {
  /** Number of the write that must be accepted before the offset is known. */
  readonly sequence: number;
  readonly acknowledge: Acknowledge;
  range: OffsetRange | undefined;
}

/**
 * Keeps those who wait for bytes to be committed, in the order of the stream.
 *
 * A write is known by its number until it is accepted, because nobody counts the bytes of a string
 * before it is encoded, and by its offset from then on. Each is told on the next tick, so that an
 * exception of theirs is theirs alone.
 */
export class Acknowledgements {
  /** Ordered by sequence; those before `#located` have a range. */
  readonly #entries: Entry[] = [];
  #located = 0;

  /** Waits for the write numbered `sequence` to be accepted and then committed. */
  add(sequence: number, acknowledge: Acknowledge): void {
    this.#entries.push({ sequence, acknowledge, range: undefined });
  }

  /** Forgets the last one added, whose write was refused. */
  removeLast(): void {
    this.#entries.pop();
  }

  /** Whether somebody waits for the write numbered `sequence`. */
  isWaitingFor(sequence: number): boolean {
    return this.#entries[this.#located]?.sequence === sequence;
  }

  /** Notes where the bytes of the write numbered `sequence` lie. */
  locate(sequence: number, range: OffsetRange): void {
    for (; this.isWaitingFor(sequence); this.#located++) {
      (this.#entries[this.#located] as Entry).range = range;
    }
  }

  /** Tells everybody whose last byte lies before `offset`. */
  commit(offset: number): void {
    let count = 0;
    for (const { range, acknowledge } of this.#entries) {
      if (range === undefined || range.end > offset) break;
      nodeTimers.nextTick(acknowledge, null, range);
      count++;
    }
    if (count === 0) return;
    this.#entries.splice(0, count);
    this.#located -= count;
  }

  /** Tells everybody that it failed. */
  fail(error: Error): void {
    for (const { acknowledge } of this.#entries) nodeTimers.nextTick(acknowledge, error);
    this.#entries.length = 0;
    this.#located = 0;
  }
}
