import { nodeTimers } from '../timers/node-timers.js';

/** Offsets of a write's bytes in the stream: from `start` up to, but not including, `end`. */
export interface OffsetRange {
  readonly start: number;
  readonly end: number;
}

/** Committed bytes of the object `key`, from `start` up to, but not including, `end`. */
export interface Place {
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

/** The byte at `offset` of the stream lies at `position` of the object `key`. */
export interface Anchor {
  readonly key: string;
  readonly offset: number;
  readonly position: number;
}

/** Called once: with an error, or with the place of the bytes, when the last one is committed. */
export type Acknowledge = (error: Error | null, place?: Place) => void;

interface Entry {
  /** Number of the write; its offset is known once it is accepted. */
  readonly sequence: number;
  readonly acknowledge: Acknowledge;

  /** Whether the write must not be divided between objects. */
  readonly isWhole: boolean;
  range: OffsetRange | undefined;

  /** Offset of its first byte, if that was accepted before the whole write. */
  offset: number | undefined;

  /** Position of the first byte, once committed, or of the first behind those that were deleted since. */
  start: number | undefined;
}

/**
 * Holds the callbacks that wait for bytes to be committed, in the order of the stream.
 *
 * A write is identified by its number until it is accepted, because the byte length of a string is
 * known only once it is encoded, and by its offset from then on. Each callback runs on a tick of
 * its own, so that an exception in one does not affect the others.
 */
export class Acknowledgements {
  /** Ordered by sequence; those before `#located` have a range. */
  readonly #entries: Entry[] = [];
  #located = 0;

  /** Offset behind all committed bytes, and its position in the object. */
  #offset = 0;
  #position = 0;

  /**
   * Has `acknowledge` called when the write numbered `sequence` has been committed.
   *
   * @param isWhole Whether the place that it is told must be one, and so in one object.
   */
  add(sequence: number, acknowledge: Acknowledge, isWhole = false): void {
    const unknown = { range: undefined, offset: undefined, start: undefined };
    this.#entries.push({ sequence, acknowledge, isWhole, ...unknown });
  }

  /** Removes the last callback added, whose write was refused. */
  removeLast(): void {
    this.#entries.pop();
  }

  /** Whether a callback waits for the write numbered `sequence`. */
  isWaitingFor(sequence: number): boolean {
    return this.#entries[this.#located]?.sequence === sequence;
  }

  /** Whether the write numbered `sequence` must not be divided between objects. */
  isWhole(sequence: number): boolean {
    return this.isWaitingFor(sequence) && (this.#entries[this.#located] as Entry).isWhole;
  }

  /** Whether only a part is committed of a write that must not be divided between objects. */
  get isWithinWhole(): boolean {
    const [first] = this.#entries;
    return first?.isWhole === true && first.start !== undefined;
  }

  /** Records where the write numbered `sequence` begins, of which only a part is accepted yet. */
  begin(sequence: number, offset: number): void {
    if (this.isWaitingFor(sequence)) (this.#entries[this.#located] as Entry).offset = offset;
  }

  /** Records the offsets of the write numbered `sequence`. */
  locate(sequence: number, range: OffsetRange): void {
    for (; this.isWaitingFor(sequence); this.#located++) {
      (this.#entries[this.#located] as Entry).range = range;
    }
  }

  /** Everything before `offset` is committed: runs the callbacks that are due. */
  commit(offset: number, anchor: Anchor): void {
    this.#forgetDeleted(anchor);
    this.#offset = offset;
    this.#position = positionOf(offset, anchor);
    if (this.#entries.length === 0) return;
    let count = 0;
    for (const entry of this.#entries) {
      const { range } = entry;
      const isBegun = entry.offset !== undefined && entry.offset < offset;
      if (isBegun) entry.start ??= positionOf(entry.offset as number, anchor);
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

  /** The object has become shorter: the write of which a part was committed begins with the rest of it. */
  #forgetDeleted(anchor: Anchor): void {
    const [first] = this.#entries;
    const position = positionOf(this.#offset, anchor);
    if (first?.start !== undefined && position < this.#position) first.start = position;
  }

  /** Runs every callback with `error`. */
  fail(error: Error): void {
    for (const { acknowledge } of this.#entries) nodeTimers.nextTick(acknowledge, error);
    this.#entries.length = 0;
    this.#located = 0;
  }
}

function positionOf(offset: number, anchor: Anchor): number {
  return anchor.position + offset - anchor.offset;
}
