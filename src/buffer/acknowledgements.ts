import { nodeTimers } from '../timers/node-timers.js';

/** Where the bytes of a write lie in the stream: from `start` up to, and without, `end`. */
export interface OffsetRange {
  readonly start: number;
  readonly end: number;
}

/** Where bytes lie that have been committed: in the object `key`, from `start` up to, and without, `end`. */
export interface Place {
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

/** Where the byte at `offset` of the stream, and those around it, lie in the object `key`. */
export interface Anchor {
  readonly key: string;
  readonly offset: number;
  readonly position: number;
}

/** Told once: with an error, or with the place of bytes of which the last has been committed. */
export type Acknowledge = (error: Error | null, place?: Place) => void;

interface Entry {
  /** Number of the write that must be accepted before the offset is known. */
  readonly sequence: number;
  readonly acknowledge: Acknowledge;
  range: OffsetRange | undefined;

  /** Position of the first byte, once that has been committed. */
  start: number | undefined;
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
    this.#entries.push({ sequence, acknowledge, range: undefined, start: undefined });
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

  /** Tells everybody whose last byte lies before `offset`, and notes where the first bytes of others lie. */
  commit(offset: number, anchor: Anchor): void {
    if (this.#entries.length === 0) return;
    let count = 0;
    for (const entry of this.#entries) {
      const { range } = entry;
      if (range === undefined || Math.min(range.start + 1, range.end) > offset) break;
      entry.start ??= positionOf(range.start, anchor);
      if (range.end > offset) break;
      const place = { key: anchor.key, start: entry.start, end: positionOf(range.end, anchor) };
      nodeTimers.nextTick(entry.acknowledge, null, place);
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

function positionOf(offset: number, anchor: Anchor): number {
  return anchor.position + offset - anchor.offset;
}
