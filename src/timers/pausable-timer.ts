import { nodeTimers } from './node-timers.js';
import { ReusableTimer } from './reusable-timer.js';

/** Calls back once, when its time is up. Its clock stops while it is suspended. */
export class PausableTimer {
  readonly #timer: ReusableTimer;
  readonly #onDue: () => void;

  /** Milliseconds left when it last started or resumed. */
  #remaining: number;
  #startedAt = 0;
  #suspensions = 0;
  #isOver = false;

  /**
   * @param timeout Milliseconds, at most the longest delay of a Node.js timer.
   * @param timer The underlying timer, which later instances may share.
   */
  constructor(timeout: number, onDue: () => void, timer = new ReusableTimer()) {
    this.#remaining = timeout;
    this.#onDue = onDue;
    this.#timer = timer;
    this.#start();
  }

  /** Stops the clock until the returned functions of all calls have been called. */
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

  /** Cancels the callback. */
  clear(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer.stop();
  }

  /** As {@link clear}, and closes the underlying timer. */
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
