import type { Calendar } from './calendar.js';
import type { KeyFields } from './key-template.js';
import type { Period } from './period.js';

export interface RolloverOptions {
  /**
   * @param act What the key is needed for, for the message, such as `roll over to object 2`.
   * @throws {TypeError} If it cannot make a valid key.
   * @throws {RangeError} If the key is too long.
   */
  readonly keyOf: (fields: KeyFields, act: string) => string;

  /**
   * The date that keys show, as a period: each date counts its objects from 0. Without it they are
   * counted through.
   */
  readonly date: Period | undefined;

  /** Divides time into the periods of `interval`. */
  readonly calendar: Calendar | undefined;

  /** When the first object begins, in milliseconds since 1970. */
  readonly startedAt: number;
}

/** Dates that are remembered; a clock that is wrong for longer comes back through fewer. */
const mostLeft = 1000;

/**
 * Names the objects of a stream, one after the other.
 *
 * The number of an object depends on nothing but the objects whose keys show the same date, whatever
 * made the stream go on: a process that starts later looks for them alone, and other writers of the
 * template come to the same keys.
 *
 * All instants are milliseconds since 1970.
 */
export class Rollover {
  readonly #options: RolloverOptions;

  /**
   * Last sequence of the dates that were left, to which a clock that is set back returns, by their
   * key of sequence 0: an object of this stream must not be taken for a new one.
   */
  readonly #left = new Map<string, number>();
  #sequence = 0;
  #startedAt: number;

  /** Key of sequence 0 with the date of the current object; empty if keys show none. */
  #series: string;
  #key: string;

  constructor(options: RolloverOptions) {
    this.#options = options;
    this.#startedAt = options.startedAt;
    this.#key = this.keyAt(0);
    this.#series = options.date === undefined ? '' : this.#key;
  }

  /** Key of the current object. */
  get key(): string {
    return this.#key;
  }

  get sequence(): number {
    return this.#sequence;
  }

  /** Key of an object with the date of the current one. */
  keyAt(sequence: number, act = `ask for object ${sequence}`): string {
    return this.#options.keyOf({ sequence, startedAt: new Date(this.#startedAt) }, act);
  }

  /** Makes another object with the date of the current one the current one. */
  use(sequence: number): void {
    this.#key = this.keyAt(sequence, `roll over to object ${sequence}`);
    this.#sequence = sequence;
  }

  /**
   * Goes on to the next object.
   *
   * @param startedAt When its first bytes were accepted; when the current object began by default.
   * @throws {TypeError} If its key is that of the current object, or not valid.
   * @throws {RangeError} If its key is too long.
   */
  next(startedAt = this.#startedAt): void {
    const before = this.#key;
    this.#begin(startedAt, this.#sequence + 1, this.#sequence);
    if (this.#key !== before) return;
    throw new TypeError(
      `Cannot go on to the next object as 'key' gave ${JSON.stringify(before)} for two sequences`,
    );
  }

  /**
   * Goes on to the next object, for bytes that the current one has refused: to one of the same
   * period, which they were accepted in.
   *
   * @param now The present, or when the bytes behind them were accepted.
   * @throws As {@link next}.
   */
  nextInPeriod(now: number): void {
    const { calendar } = this.#options;
    const isOther =
      calendar !== undefined && calendar.labelOf(now) !== calendar.labelOf(this.#startedAt);
    this.next(isOther ? this.#startedAt : now);
  }

  /**
   * Puts the current object off, which nothing has been appended to. A sequence that is left out
   * would hide the objects behind it from a stream that starts again.
   *
   * @param startedAt When its first bytes were accepted.
   * @throws As {@link next}.
   */
  postpone(startedAt: number): void {
    this.#begin(startedAt, this.#sequence, this.#sequence - 1);
  }

  /** @param last The last sequence with the date of the current object that something was appended to. */
  #begin(startedAt: number, sequence: number, last: number): void {
    this.#startedAt = this.#shownDate(startedAt);
    const before = this.#series;
    if (this.#options.date !== undefined) this.#series = this.keyAt(0, 'roll over to object 0');
    const isOther = this.#series !== before;
    if (isOther) this.#leave(before, last);
    this.use(isOther ? (this.#left.get(this.#series) ?? -1) + 1 : sequence);
  }

  /** An instant with the date for the key of an object that begins at `startedAt`. */
  #shownDate(startedAt: number): number {
    const { date } = this.#options;
    if (date === undefined) return startedAt;
    if (date.isOver(startedAt)) date.enter(startedAt);
    return date.dateOf(startedAt);
  }

  #leave(series: string, last: number): void {
    this.#left.set(series, last);
    if (this.#left.size <= mostLeft) return;
    const [oldest = ''] = this.#left.keys();
    this.#left.delete(oldest);
  }
}
