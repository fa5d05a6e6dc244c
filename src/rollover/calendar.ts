import { rangeError, typeError } from '../assertions.js';
import { type LocalTime, localTimeIn } from './local-time.js';

/** How long a period is: one of the local calendar, or a number of milliseconds. */
export type Interval = 'hour' | 'day' | 'month' | number;

/** The finest part of a date. */
export type DateUnit = 'hour' | 'day' | 'month' | 'year';

/**
 * Which period an instant is in: its local time, cut to the interval (`'2026-11-30T23'`,
 * `'2026-11-30'`, `'2026-11'`, `'2026'`), or the number of whole intervals since 1970. Compared for
 * equality and order within one calendar.
 */
export type PeriodLabel = string | number;

/** Milliseconds. */
const minute = 60_000;
const hour = 60 * minute;

/**
 * Divides time into periods.
 *
 * Periods are told apart by their labels and never measured: a local day may have 23 or 25 hours.
 * All instants are milliseconds since 1970.
 */
export class Calendar {
  readonly #interval: Interval | DateUnit;
  readonly #localTime: LocalTime;

  /** The last minute that a label was asked for, and its label. */
  #minute = Number.NaN;
  #label = '';

  /**
   * @param interval Milliseconds if it is a number; such periods are counted from 1970.
   * @param timeZone Whose hours, days and months. An interval in milliseconds does not need it.
   */
  constructor(interval: Interval | DateUnit, timeZone: string) {
    this.#interval = interval;
    this.#localTime = localTimeIn(timeZone);
  }

  /** Costs a comparison within the minute of the last call. */
  labelOf(instant: number): PeriodLabel {
    if (typeof this.#interval === 'number') return Math.floor(instant / this.#interval);
    const minuteNumber = Math.floor(instant / minute);
    if (minuteNumber !== this.#minute) {
      this.#label = this.#labelOfMinute(minuteNumber);
      this.#minute = minuteNumber;
    }
    return this.#label;
  }

  /** Start of the period that `instant` is in. */
  startOf(instant: number): number {
    if (typeof this.#interval === 'number') {
      return Math.floor(instant / this.#interval) * this.#interval;
    }
    let inside = Math.floor(instant / minute);
    const label = this.#labelOfMinute(inside);
    // The first step is an hour, because no shorter period lies between two of one label.
    let step = 60;
    while (this.#labelOfMinute(inside - step) === label) {
      inside -= step;
      step *= 2;
    }
    const isInside = (minuteNumber: number) => this.#labelOfMinute(minuteNumber) === label;
    return firstMinute(inside - step, inside, isInside) * minute;
  }

  /** When to look at the clock again: the start of the next period, or an hour later if that is sooner. */
  nextCheck(instant: number): number {
    const hourLater = instant + hour;
    if (typeof this.#interval === 'number') {
      return Math.min((Math.floor(instant / this.#interval) + 1) * this.#interval, hourLater);
    }
    const inside = Math.floor(instant / minute);
    const label = this.#labelOfMinute(inside);
    const isOutside = (minuteNumber: number) => this.#labelOfMinute(minuteNumber) !== label;
    const last = Math.floor(hourLater / minute);
    return isOutside(last) ? firstMinute(inside, last, isOutside) * minute : hourLater;
  }

  /** The label of all instants in a minute since 1970: since 1972 time zones differ by
   * whole minutes. */
  #labelOfMinute(minuteNumber: number): string {
    const { yyyy, MM, dd, HH } = this.#localTime.fieldsOf(minuteNumber * minute);
    if (this.#interval === 'year') return yyyy;
    if (this.#interval === 'month') return `${yyyy}-${MM}`;
    return this.#interval === 'day' ? `${yyyy}-${MM}-${dd}` : `${yyyy}-${MM}-${dd}T${HH}`;
  }
}

/** Bisects for the first minute behind `low` for which `holds`, as it does for `high`. */
function firstMinute(low: number, high: number, holds: (minute: number) => boolean): number {
  let [without, found] = [low, high];
  while (found - without > 1) {
    const middle = Math.floor((without + found) / 2);
    if (holds(middle)) found = middle;
    else without = middle;
  }
  return found;
}

/** Whether one period of a calendar is after another. */
export function isLater(label: PeriodLabel, other: PeriodLabel): boolean {
  return typeof label === 'number' && typeof other === 'number'
    ? label > other
    : String(label) > String(other);
}

/**
 * @param act The action that fails, for the message, such as `create AppendWritable`.
 * @throws {TypeError} If `timeZone` is not a string.
 * @throws {RangeError} If there is no such time zone.
 */
export function assertTimeZone(act: string, timeZone: unknown): asserts timeZone is string {
  const name = 'rollover.timeZone';
  const rule = "the name of a time zone such as 'UTC' or 'Asia/Shanghai'";
  if (typeof timeZone !== 'string') throw typeError(act, name, rule, timeZone);
  try {
    localTimeIn(timeZone);
  } catch {
    throw rangeError(act, name, rule, timeZone);
  }
}
