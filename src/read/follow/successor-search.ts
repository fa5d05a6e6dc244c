import type { FollowedSeries, SeriesPlace } from '../../rollover/followed-series.js';

/** Periods between that of the object and the present one that one search asks for. */
const periodsPerSearch = 8;

export interface SuccessorSearchOptions {
  readonly series: FollowedSeries;

  /** The object whose successor is looked for. */
  readonly place: SeriesPlace;

  /** Whether there is an object `key`. */
  readonly exists: (key: string) => Promise<boolean>;
}

/**
 * Looks for the object that comes after another one: the next of its period, or the first of a later
 * period. Writers leave out the periods in which nothing is written.
 *
 * After weeks of silence there are many such periods. Each search asks for the next object of the
 * period, for the first of the present one and for some in between in turn, so that it costs little.
 * As soon as anything is found, all are asked for in order, so that none is left out.
 */
export class SuccessorSearch {
  readonly #options: SuccessorSearchOptions;

  /** The periods in between that were not asked for in this round. */
  #round: Iterator<SeriesPlace> | undefined;

  constructor(options: SuccessorSearchOptions) {
    this.#options = options;
  }

  /**
   * @param now Milliseconds since 1970.
   * @param isBegun Whether the object itself exists: if not, only a later period can be the next.
   */
  async find(now: number, { isBegun }: { isBegun: boolean }): Promise<SeriesPlace | undefined> {
    const { series, place } = this.#options;
    const next = { ...place, sequence: place.sequence + 1 };
    if (isBegun && (await this.#has(next))) return next;
    const present = { startedAt: now, sequence: 0 };
    if (!series.isPeriodAfter(present, place)) return undefined;
    const isFound = (await this.#has(present)) || (await this.#searchBefore(present));
    if (!isFound) return undefined;
    // In order: something may have been appended to an earlier one meanwhile.
    if (isBegun && (await this.#has(next))) return next;
    for (const candidate of series.after(place, now)) {
      if (await this.#has(candidate)) return candidate;
    }
    return undefined;
  }

  /** Asks for the first objects of some periods between that of the object and the present one. */
  async #searchBefore(present: SeriesPlace): Promise<boolean> {
    const { series, place } = this.#options;
    for (let count = 0; count < periodsPerSearch; count++) {
      this.#round ??= series.after(place, present.startedAt);
      const { done, value } = this.#round.next();
      if (done === true || !series.isPeriodAfter(present, value)) {
        this.#round = undefined;
        return false;
      }
      if (await this.#has(value)) return true;
    }
    return false;
  }

  #has(place: SeriesPlace): Promise<boolean> {
    const { series, exists } = this.#options;
    return exists(series.keyOf(place));
  }
}
