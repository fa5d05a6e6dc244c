/** Milliseconds by which a jump moves the clock: well beyond the skew OSS accepts. */
const jump = 60 * 60 * 1000;

/**
 * The emulator's idea of the time. The `skew` fault moves it, as a server's clock moves under its
 * clients: what was signed by the old time is refused until they follow.
 */
export class Clock {
  #offset = 0;

  now(): Date {
    return new Date(Date.now() + this.#offset);
  }

  /** Puts the clock an hour ahead, or back where it was if it is ahead already. */
  jump(): void {
    this.#offset = this.#offset === 0 ? jump : 0;
  }

  reset(): void {
    this.#offset = 0;
  }
}
