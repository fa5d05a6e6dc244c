import type { Interval } from '../../src/rollover/calendar.js';

const minute = 60_000;
const halfHour = 30 * minute;

export const timeZones = [
  'UTC',
  'Asia/Shanghai',
  'Asia/Kolkata', // half an hour off
  'America/New_York',
  'America/St_Johns', // half an hour off, with summer time
  'Europe/Berlin',
  'Africa/Casablanca', // summer time pauses for Ramadan
  'Australia/Lord_Howe', // half an hour of summer time
  'Pacific/Apia', // far east of the date line
  'Antarctica/Troll', // two hours of summer time
] as const;

export const calendarIntervals = ['hour', 'day', 'month'] as const;

/** A period as it is found by looking at every half hour. */
export interface Stretch {
  readonly label: string;
  readonly start: number;

  /** Start of the next. */
  readonly end: number;
}

/**
 * Local times in the way that `LocalTime` does not make them: in another locale, which has the form
 * of labels, and as one text.
 */
export class WallClock {
  readonly #format: Intl.DateTimeFormat;
  readonly #texts = new Map<number, string>();

  constructor(timeZone: string) {
    this.#format = new Intl.DateTimeFormat('sv-SE', {
      timeZone,
      dateStyle: 'short',
      timeStyle: 'medium',
    });
  }

  /** Such as `2026-11-30T23:59:00`. */
  textOf(instant: number): string {
    const text = this.#texts.get(instant) ?? this.#format.format(instant).replace(' ', 'T');
    this.#texts.set(instant, text);
    return text;
  }

  labelOf(interval: Exclude<Interval, number>, instant: number): string {
    return this.textOf(instant).slice(0, { hour: 13, day: 10, month: 7 }[interval]);
  }

  /** Whole periods from `from` to `to`, found by looking every `step` milliseconds. */
  stretches(
    interval: Exclude<Interval, number>,
    from: number,
    to: number,
    step = halfHour,
  ): readonly Stretch[] {
    const starts: { label: string; start: number }[] = [];
    for (let instant = from; instant < to; instant += step) {
      const label = this.labelOf(interval, instant);
      if (label !== starts.at(-1)?.label) starts.push({ label, start: instant });
    }
    // The first began before, and of the last the end was not seen.
    return starts.slice(1).flatMap((each, index, whole) => {
      const next = whole[index + 1];
      return next === undefined ? [] : [{ ...each, end: next.start }];
    });
  }

  /** When clocks are put forward or back. */
  changes(from: number, to: number): readonly number[] {
    const found: number[] = [];
    let last: number | undefined;
    for (let instant = from; instant < to; instant += halfHour) {
      const offset = Date.parse(`${this.textOf(instant)}Z`) - instant;
      if (last !== undefined && offset !== last) found.push(instant);
      last = offset;
    }
    return found;
  }
}
