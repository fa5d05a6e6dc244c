import { type Calendar, isLater } from './calendar.js';
import { KeySeries } from './key-series.js';
import type { KeyTemplate } from './key-template.js';
import { laterPeriods } from './later-periods.js';

/** Milliseconds. */
const halfHour = 30 * 60_000;
const farthest = 15 * 60 * 60_000;

/** Which object of a series: of which date, and which of its objects. */
export interface SeriesPlace {
  /** An instant of the date that the key shows, in milliseconds since 1970. */
  readonly startedAt: number;

  /** Counts the objects of the date from 0. */
  readonly sequence: number;
}

/**
 * The objects of a stream with `rollover`, for somebody who reads them in order.
 *
 * Its periods are the dates that the keys show: each has objects of its own, whatever `interval` the
 * stream has.
 */
export class FollowedSeries {
  readonly #template: KeyTemplate;
  readonly #calendar: Calendar | undefined;

  /** @param calendar Of the dates that the keys show; without it there is one period. */
  constructor(template: KeyTemplate, calendar: Calendar | undefined) {
    this.#template = template;
    this.#calendar = calendar;
  }

  keyOf({ sequence, startedAt }: SeriesPlace): string {
    return this.#template.key({ sequence, startedAt: new Date(startedAt) });
  }

  /** Which object has this key; `undefined` if the template makes no such key. */
  placeOf(key: string): SeriesPlace | undefined {
    const series = KeySeries.of(key, this.#template.text);
    if (series === undefined) return undefined;
    const { sequence, date } = series;
    const { yyyy = 1970, MM = 1, dd = 1, HH = 0 } = date;
    // As if it were in UTC. Local times differ by 14 hours at most, and some hours are half an hour.
    const middle = Date.UTC(Number(yyyy), Number(MM) - 1, Number(dd), Number(HH));
    for (let startedAt = middle - farthest; startedAt <= middle + farthest; startedAt += halfHour) {
      if (this.keyOf({ startedAt, sequence }) === key) return { startedAt, sequence };
    }
    return undefined;
  }

  /** Whether the first objects may have been removed, and later ones of the period not. */
  get seeksGap(): boolean {
    return this.#template.hasSequence && this.#template.dateUnit === undefined;
  }

  /** Whether `place` is of a later period than `other`. */
  isPeriodAfter(place: SeriesPlace, other: SeriesPlace): boolean {
    const calendar = this.#calendar;
    if (calendar === undefined) return false;
    return isLater(calendar.labelOf(place.startedAt), calendar.labelOf(other.startedAt));
  }

  /** The first object of the period before; `undefined` if there are no periods. */
  before({ startedAt }: SeriesPlace): SeriesPlace | undefined {
    if (this.#calendar === undefined) return undefined;
    return { startedAt: this.#calendar.startOf(startedAt) - 1, sequence: 0 };
  }

  /** The first objects of the periods after that of `place`, up to that of `now`. */
  *after({ startedAt }: SeriesPlace, now: number): Generator<SeriesPlace> {
    if (this.#calendar === undefined) return;
    for (const start of laterPeriods(this.#calendar, startedAt, now)) {
      yield { startedAt: start, sequence: 0 };
    }
  }
}
