import { nodeTimers } from '../timers/node-timers.js';
import { ReusableTimer } from '../timers/reusable-timer.js';

/**
 * Tells when the oldest byte of the buffer has waited long enough.
 *
 * The timer keeps the process alive: bytes that were accepted must leave before it may end.
 */
export class FlushTimer {
  readonly #flushInterval: number;
  readonly #onDue: () => void;
  readonly #timer = new ReusableTimer();

  /** Whether a byte waits. */
  #isStarted = false;

  /** @param flushInterval Milliseconds a byte may wait; `Infinity` for ever. */
  constructor(flushInterval: number, onDue: () => void) {
    this.#flushInterval = flushInterval;
    this.#onDue = onDue;
  }

  /** Whether the oldest byte has waited long enough. */
  get isDue(): boolean {
    return this.#flushInterval === 0 ? this.#isStarted : this.#timer.isDue;
  }

  /** The first byte has come, whether or not others waited before. */
  start(): void {
    this.#isStarted = true;
    // On the next tick rather than at once, so that writes made together leave together.
    if (this.#flushInterval === 0) nodeTimers.nextTick(this.#onDue);
    else this.#timer.start(this.#flushInterval, this.#onDue);
  }

  /** The buffer is empty. */
  stop(): void {
    this.#isStarted = false;
    this.#timer.stop();
  }

  /** There will be no more bytes. */
  close(): void {
    this.#isStarted = false;
    this.#timer.close();
  }
}
