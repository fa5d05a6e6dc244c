/** Calls back once, when its time is up. While it is suspended no time passes for it. */
export class SuspendableTimer {
  readonly #onDue: () => void;

  /** Milliseconds left when it was last set going. */
  #remaining: number;
  #startedAt = 0;
  #suspensions = 0;

  /** Absent while it is suspended, and when it is over. */
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  /** @param timeout Milliseconds, at most what a timer takes. */
  constructor(timeout: number, onDue: () => void) {
    this.#remaining = timeout;
    this.#onDue = onDue;
    this.#start();
  }

  /** Stops the clock until the returned function is called, and that of every other call too. */
  suspend(): () => void {
    if (this.#suspensions++ === 0 && !this.#isOver) {
      clearTimeout(this.#timer);
      this.#remaining -= performance.now() - this.#startedAt;
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
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  #start(): void {
    this.#startedAt = performance.now();
    this.#timer = setTimeout(() => {
      this.#isOver = true;
      this.#onDue();
    }, this.#remaining);
  }
}
