import type { RequestOptions, RequestTimeout } from '../../append/append-client.js';
import { isError } from '../../is-error.js';
import { nodeTimers } from '../../timers/node-timers.js';
import { PausableTimer } from '../../timers/pausable-timer.js';
import { FastAbortSignal, followOnce, type RequestSignal } from './fast-abort-signal.js';

/** Abort reason of a request that timed out. */
export class RequestTimedOut extends Error {
  override readonly name = 'RequestTimedOut';

  /** Milliseconds that the request was given. */
  readonly timeout: number;

  constructor(timeout: number) {
    super(`Timed out after ${timeout} ms`);
    this.timeout = timeout;
  }
}

/** Abort reason of a request that its caller aborted. */
export class RequestAborted extends Error {
  override readonly name = 'RequestAborted';
}

/** Aborts a request at its timeout, or when its caller aborts. */
export class RequestDeadline {
  readonly #signal = new FastAbortSignal();
  readonly #timeout: number;
  readonly #callerSignal: RequestSignal | undefined;
  readonly #callerTimeout: RequestTimeout | undefined;

  /** Absent if the caller's timeout ends the request first. */
  #timer: PausableTimer | undefined;

  /** Start of the request, moved forward by the time for which it was suspended. */
  #startedAt = nodeTimers.now();

  /**
   * @param timeout Milliseconds.
   * @param caller Its signal ends the request too.
   */
  constructor(timeout: number, caller: Pick<RequestOptions, 'signal' | 'timeout'> = {}) {
    this.#timeout = timeout;
    this.#callerTimeout = caller.timeout;
    // A stream passes the same signal for every request. A user's signal may outlive the requests,
    // and is listened to only while they last.
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

  /** Starts the timeout again, for a request that is sent once more. */
  restart(): void {
    this.#timer?.close();
    this.#startedAt = nodeTimers.now();
    this.#startTimer();
  }

  /** Suspends the timeout, and that of the caller, until the returned function is called. */
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

  /** Stops the timer and removes the listener from the caller's signal. */
  clear(): void {
    this.#timer?.close();
    this.#callerSignal?.removeEventListener('abort', this.#abort);
  }

  #startTimer(): void {
    const { milliseconds = Number.POSITIVE_INFINITY } = this.#callerTimeout ?? {};
    // The caller's timeout ends the request only through its signal.
    if (this.#callerSignal !== undefined && milliseconds <= this.#timeout) return;
    this.#timer = new PausableTimer(this.#timeout, () => {
      this.#signal.abort(new RequestTimedOut(this.#timeout));
    });
  }

  readonly #abort = (): void => {
    const cause: unknown = this.#callerSignal?.reason;
    // The caller's own timeout is a timeout too, such as that of `AbortSignal.timeout()`.
    const isTimeout = isError(cause) && cause.name === 'TimeoutError';
    const elapsed = Math.round(nodeTimers.now() - this.#startedAt);
    this.#signal.abort(
      isTimeout ? new RequestTimedOut(elapsed) : new RequestAborted('Aborted', { cause }),
    );
  };
}
