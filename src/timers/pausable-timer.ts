import { nodeTimers } from './node-timers.js';
import { ReusableTimer } from './reusable-timer.js';

/** Calls back once, when its time is up. While it is suspended no time passes for it. */
export class PausableTimer {
  readonly #timer: ReusableTimer;
  readonly #onDue: () => void;

  /** Milliseconds left when it was last set going. */
  #remaining: number;
  #startedAt = 0;
  #suspensions = 0;
  #isOver = false;

  /**
   * @param timeout Milliseconds, at most what a timer takes.
   * @param timer What it runs on; shared with others that come after it.
   */
  constructor(timeout: number, onDue: () => void, timer = new ReusableTimer()) {
    this.#remaining = timeout;
    this.#onDue = onDue;
    this.#timer = timer;
    this.#start();
  }

  /** Stops the clock until the returned function is called, and that of every other call too. */
  suspend(): () => void {
    if (this.#suspensions++ === 0 && !this.#isOver) {
      this.#timer.stop();
      this.#remaining -= nodeTimers.now() - this.#startedAt;
    }
    let isSuspended = true;
    return () => {
      if (!isSuspended) return;
      isSuspended = false;
      if (--this.#suspensions === 0 && !this.#isOver) this.#start();
    };
  }

  /** Never calls back from now on. */
  clear(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer.stop();
  }

  /** As {@link clear}, and lets go of the timer that it runs on. */
  close(): void {
    this.#isOver = true;
    this.#timer.close();
  }

  #start(): void {
    this.#startedAt = nodeTimers.now();
    this.#timer.start(this.#remaining, () => {
      this.#isOver = true;
      this.#onDue();
    });
  }
}
