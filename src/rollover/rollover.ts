import type { PeriodLabel } from './calendar.js';
import type { KeyFields } from './key-template.js';

export interface RolloverOptions {
  /** @throws {TypeError} If it cannot make a valid key. */
  readonly keyOf: (fields: KeyFields) => string;

  /** Whether keys of different periods differ, so that each period counts its objects from 0. */
  readonly showsPeriod: boolean;

  /** The period at the start, and its date for keys. */
  readonly period: PeriodLabel | undefined;
  readonly startedAt: number;
}

/** Where the next object begins. */
export interface ObjectStart {
  readonly period: PeriodLabel | undefined;

  /** When its first record was accepted, in milliseconds since 1970. */
  readonly startedAt: number;
}

/** Periods that are remembered; a clock that is wrong for longer comes back through fewer. */
const mostLeft = 1000;

/** Names the objects of a stream, one after the other. */
export class Rollover {
  readonly #options: RolloverOptions;

  /**
   * Last sequence of the periods that were left, to which a clock that is set back returns: an object of
   * this stream must not be taken for a new one.
   */
  readonly #left = new Map<PeriodLabel | undefined, number>();
  #sequence = 0;
  #start: ObjectStart;
  #key: string;

  constructor(options: RolloverOptions) {
    this.#options = options;
    this.#start = options;
    this.#key = this.keyAt(0);
  }

  /** Key of the current object. */
  get key(): string {
    return this.#key;
  }

  get sequence(): number {
    return this.#sequence;
  }

  /** Key of an object of the current period. */
  keyAt(sequence: number): string {
    return this.#options.keyOf({ sequence, startedAt: new Date(this.#start.startedAt) });
  }

  /** Makes another object of the current period the current one. */
  use(sequence: number): void {
    this.#sequence = sequence;
    this.#key = this.keyAt(sequence);
  }

  /**
   * Goes on to the next object.
   *
   * @param start Of the next object; in the current period by default.
   * @throws {TypeError} If its key is that of the current object, or not valid.
   */
  next(start: ObjectStart = this.#start): void {
    const before = this.#key;
    this.#begin(start, this.#sequence + 1, this.#sequence);
    if (this.#key !== before) return;
    throw new TypeError(
      `Cannot go on to the next object as 'key' gave ${JSON.stringify(before)} for two sequences`,
    );
  }

  /**
   * Puts the current object off, which nothing has been appended to. A sequence that is left out
   * would hide the objects behind it from a stream that starts again.
   *
   * @param start Of its first bytes.
   * @throws {TypeError} If its key is not valid.
   */
  postpone(start: ObjectStart): void {
    this.#begin(start, this.#sequence, this.#sequence - 1);
  }

  /** @param last The last sequence of the current period that something was appended to. */
  #begin(start: ObjectStart, sequence: number, last: number): void {
    const isOther = this.#options.showsPeriod && start.period !== this.#start.period;
    if (isOther) this.#leave(this.#start.period, last);
    this.#start = start;
    this.use(isOther ? (this.#left.get(start.period) ?? -1) + 1 : sequence);
  }

  #leave(period: PeriodLabel | undefined, last: number): void {
    this.#left.set(period, last);
    if (this.#left.size <= mostLeft) return;
    const [oldest] = this.#left.keys();
    this.#left.delete(oldest);
  }
}
