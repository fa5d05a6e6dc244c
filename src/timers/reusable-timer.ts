import { nodeTimers } from './node-timers.js';

const nothing = (): void => {};

/** Milliseconds by which a Node.js timer may be late without a blocked event loop. */
const usualDelay = 2;

/**
 * A timer that is restarted over and over, and mostly stopped before it is due.
 *
 * Restarting or stopping it costs no more than reading the clock: a running Node.js timer that
 * would fire too early is kept, and set again when it fires. While it is stopped it does not keep
 * the process alive.
 */
export class ReusableTimer {
  #timer: NodeJS.Timeout | undefined;

  /** When `#timer` fires. */
  #firesAt = 0;

  /** When it calls back; infinite while it is stopped. */
  #dueAt = Number.POSITIVE_INFINITY;
  #onDue = nothing;

  /** Whether the time is up; unchanged until the next `start()` or `stop()`. */
  get isDue(): boolean {
    return nodeTimers.now() >= this.#dueAt;
  }

  /**
   * Calls back in `delay` milliseconds, unless it is restarted or stopped before.
   *
   * @param delay At most the longest delay of a Node.js timer; `Infinity` for never.
   */
  start(delay: number, onDue: () => void): void {
    // Node.js warns of negative delays, which occur when the time was up before.
    const wait = Math.max(delay, 0);
    this.#dueAt = nodeTimers.now() + wait;
    this.#onDue = onDue;
    if (wait === Number.POSITIVE_INFINITY) return;
    if (this.#timer !== undefined && this.#firesAt <= this.#dueAt) {
      this.#timer.ref();
      return;
    }
    nodeTimers.clearTimeout(this.#timer);
    this.#arm(wait);
  }

  stop(): void {
    this.#dueAt = Number.POSITIVE_INFINITY;
    // The callback may retain a whole request.
    this.#onDue = nothing;
    this.#timer?.unref();
  }

  /** Stops it, and clears the Node.js timer. */
  close(): void {
    this.stop();
    nodeTimers.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(delay: number): void {
    this.#firesAt = this.#dueAt;
    this.#timer = nodeTimers.setTimeout(this.#fire, delay);
  }

  readonly #fire = (): void => {
    this.#timer = undefined;
    const dueAt = this.#dueAt;
    const late = nodeTimers.now() - dueAt;
    if (late > usualDelay) {
      // After a blocked event loop timers run before I/O: wait one turn, so that an answer already
      // received can stop this one.
      nodeTimers.setImmediate(() => {
        if (this.#dueAt === dueAt) this.#onDue();
      });
    } else if (late >= 0) {
      this.#onDue();
    } else if (dueAt < Number.POSITIVE_INFINITY) {
      // It was restarted meanwhile, or the Node.js timer fired a fraction of a millisecond early.
      this.#arm(-late);
    }
  };
}
