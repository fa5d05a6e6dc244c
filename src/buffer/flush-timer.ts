import { nodeTimers } from '../timers/node-timers.js';
import { ReusableTimer } from '../timers/reusable-timer.js';

/**
 * Calls back when the oldest byte of the buffer has waited long enough.
 *
 * The timer keeps the process alive, so that accepted bytes are sent before it exits.
 */
export class FlushTimer {
  readonly #flushInterval: number;
  readonly #onDue: () => void;
  readonly #timer = new ReusableTimer();

  /** Whether any byte is waiting. */
  #isStarted = false;

  /** @param flushInterval Milliseconds a byte may wait; `Infinity` for no limit. */
  constructor(flushInterval: number, onDue: () => void) {
    this.#flushInterval = flushInterval;
    this.#onDue = onDue;
  }

  /** Whether the oldest byte has waited long enough. */
  get isDue(): boolean {
    return this.#flushInterval === 0 ? this.#isStarted : this.#timer.isDue;
  }

  /** Restarts the clock: a byte has become the first one to wait. */
  start(): void {
    this.#isStarted = true;
    // On the next tick, so that writes of the same tick are sent together.
    if (this.#flushInterval === 0) nodeTimers.nextTick(this.#onDue);
    else this.#timer.start(this.#flushInterval, this.#onDue);
  }

  /** The buffer is empty. */
  stop(): void {
    this.#isStarted = false;
    this.#timer.stop();
  }

  /** No more bytes will come. */
  close(): void {
    this.#isStarted = false;
    this.#timer.close();
  }
}
