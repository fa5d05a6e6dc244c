import { nodeTimers } from './node-timers.js';

const nothing = (): void => {};

/** Milliseconds by which timers of Node.js are late where nothing keeps them. */
const mostPunctual = 2;

/**
 * A timer that is set over and over, and mostly stopped before its time.
 *
 * Setting it again, or stopping it, costs no more than reading the clock: a timer of Node.js that is
 * running already, and would fire too early, is left alone until it does. While it is stopped it
 * does not keep the process alive.
 */
export class ReusableTimer {
  #timer: NodeJS.Timeout | undefined;

  /** When `#timer` fires. */
  #firesAt = 0;

  /** When the time is up; infinite while it is stopped. */
  #dueAt = Number.POSITIVE_INFINITY;
  #onDue = nothing;

  /** Whether the time is up; stays so until the next call. */
  get isDue(): boolean {
    return nodeTimers.now() >= this.#dueAt;
  }

  /**
   * Calls back in `delay` milliseconds, unless it is set again or stopped before.
   *
   * @param delay At most what a timer takes; `Infinity` for never.
   */
  start(delay: number, onDue: () => void): void {
    // Time that was up before it was set has no negative rest: Node.js warns of one.
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
    // What it would have called may hold a whole request.
    this.#onDue = nothing;
    this.#timer?.unref();
  }

  /** Stops it, and the timer of Node.js too. */
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
    if (late > mostPunctual) {
      // Timers come before what has arrived while the process was busy, which may stop this one.
      nodeTimers.setImmediate(() => {
        if (this.#dueAt === dueAt) this.#onDue();
      });
    } else if (late >= 0) {
      this.#onDue();
    } else if (dueAt < Number.POSITIVE_INFINITY) {
      // It was set again since; and timers may fire a fraction of a millisecond too early.
      this.#arm(-late);
    }
  };
}
