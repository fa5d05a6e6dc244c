import type { Source } from './source.js';

/** A write of a user, by offsets in the source. */
export interface UserWrite {
  readonly start: number;
  readonly end: number;

  /** Whether it is the data of an `append()`. */
  readonly isWhole: boolean;

  /** When it was made, by both clocks. */
  readonly now: number;
  readonly date: number;
}

export interface UnitsOptions {
  readonly source: Source;

  /** Offset in the source of the first byte of the stream. */
  readonly start: number;

  /** All writes, which become more. */
  readonly writes: readonly UserWrite[];
  readonly recordDelimiter: string | undefined;
}

/** What objects must not divide: records if there is a delimiter, else writes; and appends. */
export class Units {
  readonly #options: UnitsOptions;

  /** Where units may part, in order: the start of the stream, and ends of units. */
  readonly #bounds: number[];

  /** Writes seen so far, and the end of the last record found in them. */
  #seen = 0;
  #recordsEnd: number;

  constructor(options: UnitsOptions) {
    this.#options = options;
    this.#bounds = [options.start];
    this.#recordsEnd = options.start;
  }

  /** Where units begin in `[start, end)`. */
  startsIn(start: number, end: number): readonly number[] {
    this.#update();
    const first = this.#indexOf(start);
    let last = first;
    while ((this.#bounds[last] ?? end) < end) last++;
    return this.#bounds.slice(first, last);
  }

  /** End of the unit that begins at `start`; of what there is of it, if it is unfinished. */
  endOf(start: number): number {
    this.#update();
    return this.#bounds[this.#indexOf(start + 1)] ?? this.#options.writes.at(-1)?.end ?? start;
  }

  /** Start of the unit with the byte at `offset`. */
  startOf(offset: number): number {
    this.#update();
    return this.#bounds[this.#indexOf(offset + 1) - 1] ?? offset;
  }

  /** End of that unit as far as it is known when its first byte is accepted. */
  knownEnd(start: number): number {
    const { writes, recordDelimiter } = this.#options;
    const write = writes.find((it) => it.start === start && it.end > start);
    const isKnown = recordDelimiter === undefined || write?.isWhole;
    return isKnown && write !== undefined ? write.end : start;
  }

  isBound(offset: number): boolean {
    this.#update();
    return this.#bounds[this.#indexOf(offset)] === offset;
  }

  /** Whether the bytes before and behind `offset` are of one `append()`. */
  isWithinWhole(offset: number): boolean {
    return this.#options.writes.some(({ start, end, isWhole }) => {
      return isWhole && start < offset && offset < end;
    });
  }

  /** Whether the unit at `start` has an `append()` that ends before `offset`, and goes on with more. */
  goesOn(start: number, offset: number): boolean {
    return this.#options.writes.some((it) => it.isWhole && start < it.end && it.end <= offset);
  }

  /** The write with the byte at `offset`. */
  writeAt(offset: number): UserWrite | undefined {
    return this.#options.writes.find(({ start, end }) => start <= offset && offset < end);
  }

  /** Index of the first bound that is not before `offset`. */
  #indexOf(offset: number): number {
    let [low, high] = [0, this.#bounds.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#bounds[middle] ?? offset) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #update(): void {
    const { writes } = this.#options;
    for (; this.#seen < writes.length; this.#seen++) this.#add(writes[this.#seen] as UserWrite);
  }

  #add({ start, end, isWhole }: UserWrite): void {
    const { source, recordDelimiter: delimiter } = this.#options;
    if (delimiter === undefined) {
      if (end > start) this.#bounds.push(end);
      return;
    }
    for (;;) {
      const found = source.bytes.subarray(0, end).indexOf(delimiter, this.#recordsEnd);
      if (found === -1) return;
      this.#recordsEnd = found + delimiter.length;
      if (!isWhole || this.#recordsEnd === end) this.#bounds.push(this.#recordsEnd);
    }
  }
}
