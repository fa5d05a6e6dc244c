import type { RequestOptions } from '../append/append-client.js';
import { SuspendableTimer } from '../suspendable-timer.js';
import { LightSignal, type RequestSignal } from './light-signal.js';

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
  readonly #signal = new LightSignal();
  readonly #timeout: number;
  readonly #caller: Pick<RequestOptions, 'signal' | 'suspendTimeout'>;
  #timer: SuspendableTimer;

  /** Later than it was by as long as the clock stood still. */
  #startedAt = performance.now();

  /**
   * @param timeout Milliseconds.
   * @param caller Whose signal ends the request too.
   */
  constructor(timeout: number, caller: Pick<RequestOptions, 'signal' | 'suspendTimeout'> = {}) {
    this.#timeout = timeout;
    this.#caller = caller;
    if (caller.signal?.aborted) this.#abort();
    else caller.signal?.addEventListener('abort', this.#abort);
    this.#timer = this.#startTimer();
  }

  /** Aborted with a {@link RequestTimedOut} or a {@link RequestAborted}. */
  get signal(): RequestSignal {
    return this.#signal;
  }

  /** Grants the whole time again, for a request sent once more. */
  restart(): void {
    this.#timer.clear();
    this.#startedAt = performance.now();
    this.#timer = this.#startTimer();
  }

  /** Stops the clock, and that of a caller who lets it, until the returned function is called. */
  suspend(): () => void {
    const since = performance.now();
    const resumeCaller = this.#caller.suspendTimeout?.();
    const resume = this.#timer.suspend();
    return () => {
      this.#startedAt += performance.now() - since;
      resume();
      resumeCaller?.();
    };
  }

  /** Lets go of the timer and of the caller's signal. */
  clear(): void {
    this.#timer.clear();
    this.#caller.signal?.removeEventListener('abort', this.#abort);
  }

  #startTimer(): SuspendableTimer {
    return new SuspendableTimer(this.#timeout, () => {
      this.#signal.abort(new RequestTimedOut(this.#timeout));
    });
  }

  readonly #abort = (): void => {
    const cause: unknown = this.#caller.signal?.reason;
    // Time is up all the same where the caller keeps it, as with `AbortSignal.timeout()`.
    const isTimeout = cause instanceof Error && cause.name === 'TimeoutError';
    const elapsed = Math.round(performance.now() - this.#startedAt);
    this.#signal.abort(
      isTimeout ? new RequestTimedOut(elapsed) : new RequestAborted('Aborted', { cause }),
    );
  };
}
