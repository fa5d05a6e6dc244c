/** Milliseconds of a jump: well above the skew that OSS accepts. */
const jump = 60 * 60 * 1000;

/**
 * The clock of the emulator. The `skew` fault moves it: requests signed with the old time are
 * refused until clients correct theirs.
 */
export class Clock {
  #offset = 0;

  now(): Date {
    return new Date(Date.now() + this.#offset);
  }

  /** Moves the clock an hour ahead, or back if it is ahead already. */
  jump(): void {
    this.#offset = this.#offset === 0 ? jump : 0;
  }

  reset(): void {
    this.#offset = 0;
  }
}
