/**
 * Tells when the oldest byte of the buffer has waited long enough.
 *
 * The timer keeps the process alive: bytes that were accepted must leave before it may end.
 */
export class FlushClock {
  readonly #flushInterval: number;
  readonly #onDue: () => void;
  #startedAt: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param flushInterval Milliseconds a byte may wait; `Infinity` for ever. */
  constructor(flushInterval: number, onDue: () => void) {
    this.#flushInterval = flushInterval;
    this.#onDue = onDue;
  }

  /** Whether the oldest byte has waited long enough. */
  get isDue(): boolean {
    return (
      this.#startedAt !== undefined && performance.now() - this.#startedAt >= this.#flushInterval
    );
  }

  /** The first byte has come, whether or not others waited before. */
  start(): void {
    clearTimeout(this.#timer);
    this.#startedAt = performance.now();
    // On the next tick rather than at once, so that writes made together leave together.
    if (this.#flushInterval === 0) process.nextTick(this.#onDue);
    else this.#arm(this.#flushInterval);
  }

  /** The buffer is empty. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#startedAt = undefined;
  }

  #arm(delay: number): void {
    if (delay === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => {
      // Timers count whole milliseconds and may fire a fraction of one too early.
      if (this.isDue) this.#onDue();
      else this.#arm(1);
    }, delay);
  }
}
