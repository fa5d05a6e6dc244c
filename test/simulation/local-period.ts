/** How long a period is; milliseconds if it is a number. */
export type Interval = 'hour' | 'day' | 'month' | number;

const minute = 60_000;

/** How many characters of a local time tell the periods of an interval apart. */
export const labelLengths = { hour: 13, day: 10, month: 7 } as const;

/** A clock may be set back so far before the period is left. */
export const tolerance = 15 * minute;

/**
 * The periods of a stream by the clock on the wall, told apart by the text of the local time. It
 * knows nothing of the library's own.
 */
export class LocalPeriods {
  readonly interval: Interval;
  readonly #wall: WallClock;

  constructor(interval: Interval, timeZone: string) {
    this.interval = interval;
    this.#wall = wallClock(timeZone);
  }

  /** The period of a date: `2026-11-30T23`, `2026-11-30`, `2026-11`, or a number. */
  labelOf(date: number): string {
    const { interval } = this;
    // As many digits as any, so that texts have the order of the numbers.
    if (typeof interval === 'number') return String(Math.floor(date / interval)).padStart(16, '0');
    return this.textOf(date).slice(0, labelLengths[interval]);
  }

  /** The local time, to the minute. */
  textOf(date: number): string {
    const { format, texts } = this.#wall;
    const number = Math.floor(date / minute);
    const text = texts.get(number) ?? format.format(number * minute).replace(' ', 'T');
    texts.set(number, text);
    return text;
  }

  /**
   * Whether bytes accepted at `date` must be in another object than those of the period `label`,
   * the first of which were accepted at `since`.
   */
  mustLeave(label: string, date: number): boolean {
    const other = this.labelOf(date);
    if (other === label) return false;
    // It has been left for good if it does not come back within the tolerance.
    return other > label || this.labelOf(date + tolerance) < label;
  }
}

/** Shows the local time, and remembers it by the minute: hours begin at a whole minute everywhere. */
interface WallClock {
  readonly format: Intl.DateTimeFormat;
  readonly texts: Map<number, string>;
}

/** By time zone: a format takes long to make. */
const wallClocks = new Map<string, WallClock>();

function wallClock(timeZone: string): WallClock {
  const known = wallClocks.get(timeZone);
  if (known !== undefined) return known;
  // In Sweden a date is written as in ISO 8601.
  const format = new Intl.DateTimeFormat('sv-SE', {
    ...{ timeZone, year: 'numeric', month: '2-digit', day: '2-digit' },
    ...{ hour: '2-digit', minute: '2-digit' },
  });
  const made = { format, texts: new Map<number, string>() };
  wallClocks.set(timeZone, made);
  return made;
}
