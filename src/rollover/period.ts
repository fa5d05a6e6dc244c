import { type Calendar, isLater, type PeriodLabel } from './calendar.js';

/** Milliseconds that a clock may be set back without a return to an earlier period. */
const tolerance = 15 * 60_000;

/** The period that a stream is in. All instants are milliseconds since 1970. */
export class Period {
  readonly #calendar: Calendar;
  #label: PeriodLabel;
  #start: number;

  constructor(calendar: Calendar, now: number) {
    this.#calendar = calendar;
    this.#label = calendar.labelOf(now);
    this.#start = calendar.startOf(now);
  }

  get label(): PeriodLabel {
    return this.#label;
  }

  /**
   * Whether what is accepted at `now` belongs to another period.
   *
   * An earlier one counts only if the clock is more than 15 minutes behind the start of this one: a
   * small correction of the clock must not go back and forth between two periods, and a clock that
   * was years ahead must not keep the stream there. Where local time repeats more than one hour
   * (Antarctica/Troll), the stream stays in its period until later labels come.
   */
  isOver(now: number): boolean {
    const label = this.#calendar.labelOf(now);
    if (label === this.#label) return false;
    return isLater(label, this.#label) || this.#start - now > tolerance;
  }

  /** Becomes the period of `now`. */
  enter(now: number): void {
    this.#label = this.#calendar.labelOf(now);
    this.#start = this.#calendar.startOf(now);
  }

  /**
   * The instant for the date fields of a key: `now`, or the start of the period while the clock
   * shows another one. The key must show the period that its bytes belong to.
   */
  dateOf(now: number): number {
    return this.#calendar.labelOf(now) === this.#label ? now : this.#start;
  }

  /** When to look at the clock again: where a period starts, or an hour later if that is sooner. */
  nextCheck(now: number): number {
    return this.#calendar.nextCheck(now);
  }
}
