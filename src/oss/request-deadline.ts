/** The reason of a request whose time was up. */
export class RequestTimedOut extends Error {
  override readonly name = 'RequestTimedOut';

  /** Milliseconds it had. */
  readonly timeout: number;

  constructor(timeout: number) {
    super(`Timed out after ${timeout} ms`);
    this.timeout = timeout;
  }
}

/** The reason of a request that its caller aborted. */
export class RequestAborted extends Error {
  override readonly name = 'RequestAborted';
}

/** When a request must end: at its timeout, or as soon as its caller aborts. */
export class RequestDeadline {
  readonly #controller = new AbortController();
  readonly #timeout: number;
  readonly #callerSignal: AbortSignal | undefined;
  #timer: NodeJS.Timeout | undefined;
  #startedAt = performance.now();

  /** @param timeout Milliseconds. */
  constructor(timeout: number, callerSignal?: AbortSignal) {
    this.#timeout = timeout;
    this.#callerSignal = callerSignal;
    if (callerSignal?.aborted) this.#abort();
    else callerSignal?.addEventListener('abort', this.#abort);
    this.restart();
  }

  /** Aborted with a {@link RequestTimedOut} or a {@link RequestAborted}. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Grants the whole time again, for a request sent once more. */
  restart(): void {
    clearTimeout(this.#timer);
    this.#startedAt = performance.now();
    this.#timer = setTimeout(() => {
      this.#controller.abort(new RequestTimedOut(this.#timeout));
    }, this.#timeout);
  }

  /** Lets go of the timer and of the caller's signal. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#callerSignal?.removeEventListener('abort', this.#abort);
  }

  readonly #abort = (): void => {
    const cause: unknown = this.#callerSignal?.reason;
    // Time is up all the same where the caller keeps it, as with `AbortSignal.timeout()`.
    const isTimeout = cause instanceof Error && cause.name === 'TimeoutError';
    const elapsed = Math.round(performance.now() - this.#startedAt);
    this.#controller.abort(
      isTimeout ? new RequestTimedOut(elapsed) : new RequestAborted('Aborted', { cause }),
    );
  };
}
