import type { RequestOptions, RequestTimeout } from '../../append/append-client.js';
import { isError } from '../../is-error.js';
import { nodeTimers } from '../../timers/node-timers.js';
import { PausableTimer } from '../../timers/pausable-timer.js';
import { FastAbortSignal, followOnce, type RequestSignal } from './fast-abort-signal.js';

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
  readonly #signal = new FastAbortSignal();
  readonly #timeout: number;
  readonly #callerSignal: RequestSignal | undefined;
  readonly #callerTimeout: RequestTimeout | undefined;

  /** Absent where the caller's clock ends the request before its own would. */
  #timer: PausableTimer | undefined;

  /** Later than it was by as long as the clock stood still. */
  #startedAt = nodeTimers.now();

  /**
   * @param timeout Milliseconds.
   * @param caller Whose signal ends the request too.
   */
  constructor(timeout: number, caller: Pick<RequestOptions, 'signal' | 'timeout'> = {}) {
    this.#timeout = timeout;
    this.#callerTimeout = caller.timeout;
    // A stream's, which comes again and is gone with the stream; others are left as they came.
    const isShared = caller.signal !== undefined && caller.timeout !== undefined;
    this.#callerSignal = isShared ? followOnce(caller.signal) : caller.signal;
    if (this.#callerSignal?.aborted) this.#abort();
    else this.#callerSignal?.addEventListener('abort', this.#abort);
    this.#startTimer();
  }

  /** Aborted with a {@link RequestTimedOut} or a {@link RequestAborted}. */
  get signal(): RequestSignal {
    return this.#signal;
  }

  /** Grants the whole time again, for a request sent once more. */
  restart(): void {
    this.#timer?.close();
    this.#startedAt = nodeTimers.now();
    this.#startTimer();
  }

  /** Stops the clock, and that of the caller, until the returned function is called. */
  suspend(): () => void {
    const since = nodeTimers.now();
    const resumeCaller = this.#callerTimeout?.suspend();
    const resume = this.#timer?.suspend();
    return () => {
      this.#startedAt += nodeTimers.now() - since;
      resume?.();
      resumeCaller?.();
    };
  }

  /** Lets go of the timer and of the caller's signal. */
  clear(): void {
    this.#timer?.close();
    this.#callerSignal?.removeEventListener('abort', this.#abort);
  }

  #startTimer(): void {
    const { milliseconds = Number.POSITIVE_INFINITY } = this.#callerTimeout ?? {};
    // A clock that fires no signal ends nothing.
    if (this.#callerSignal !== undefined && milliseconds <= this.#timeout) return;
    this.#timer = new PausableTimer(this.#timeout, () => {
      this.#signal.abort(new RequestTimedOut(this.#timeout));
    });
  }

  readonly #abort = (): void => {
    const cause: unknown = this.#callerSignal?.reason;
    // Time is up all the same where the caller keeps it, as with `AbortSignal.timeout()`.
    const isTimeout = isError(cause) && cause.name === 'TimeoutError';
    const elapsed = Math.round(nodeTimers.now() - this.#startedAt);
    this.#signal.abort(
      isTimeout ? new RequestTimedOut(elapsed) : new RequestAborted('Aborted', { cause }),
    );
  };
}
