import { nodeTimers } from '../timers/node-timers.js';
import { PausableTimer } from '../timers/pausable-timer.js';
import { ReusableTimer } from '../timers/reusable-timer.js';
import type { RequestOptions, RequestTimeout } from './append-client.js';
import { attemptTimeout } from './attempt-timeout.js';

/** Milliseconds a client has to reject after its signal fired. */
const abortGrace = 1000;

/**
 * Requests that share a signal: making one takes as long as signing a request does. Not more, for
 * there are clients that never take their listeners back, and Node warns of the eleventh.
 */
const mostPerSignal = 8;

/** A request ran out of time, and its client did not even heed the signal. */
export class AbandonedRequestError extends Error {
  override readonly name = 'AbandonedRequestError';
}

export interface RequestRunnerOptions {
  /** Ends the request under way, and all that would follow. */
  readonly signal: AbortSignal;

  /** Milliseconds for each, besides what the transfer of its bytes takes. */
  readonly requestTimeout: number;
  readonly request: Omit<RequestOptions, 'signal' | 'timeout'>;
}

/** Runs the requests of one stream, one at a time, and each for a limited time. */
export class RequestRunner {
  readonly #options: RequestRunnerOptions;
  #controller = new AbortController();

  /** Requests that had the signal of `#controller`. */
  #requestsOfController = 0;

  /** Of the request under way. */
  readonly #timer = new ReusableTimer();

  /** Ends the request under way, whatever its client does. */
  #abandon: ((reason: unknown) => void) | undefined;

  constructor(options: RequestRunnerOptions) {
    const { signal } = options;
    this.#options = options;
    const abort = () => {
      this.#controller.abort(signal.reason);
      this.#abandon?.(signal.reason);
      this.#timer.close();
    };
    signal.addEventListener('abort', abort, { once: true });
  }

  /**
   * Runs one request, at once, under a signal that fires when the stream's does or when the time is
   * over. What the request suspends of it does not count.
   *
   * @param byteLength Bytes that the request transfers.
   * @throws What the request rejects with, or {@link AbandonedRequestError} when it goes on in spite
   *   of its signal: a client that hangs cannot hang the stream.
   */
  async run<T>(byteLength: number, send: (options: RequestOptions) => Promise<T>): Promise<T> {
    const { requestTimeout, request } = this.#options;
    this.#options.signal.throwIfAborted();
    const milliseconds = attemptTimeout(requestTimeout, byteLength, request.trafficLimit);
    const timeout = new Timeout(milliseconds, {
      controller: this.#controllerForNext(),
      timer: this.#timer,
      onAbandon: (reason) => this.#abandon?.(reason),
    });
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#abandon = reject;
        const { requestPayer, trafficLimit } = request;
        const { signal } = timeout;
        const options = { requestPayer, trafficLimit, signal, timeout };
        const sending = send(options satisfies Required<RequestOptions>);
        // Whoever wrote the client may have forgotten that it must return a promise.
        Promise.resolve(sending).then(resolve, reject);
      });
    } finally {
      this.#abandon = undefined;
      timeout.clear();
    }
  }

  #controllerForNext(): AbortController {
    if (this.#requestsOfController++ === mostPerSignal || this.#controller.signal.aborted) {
      this.#controller = new AbortController();
      this.#requestsOfController = 1;
    }
    return this.#controller;
  }
}

interface TimeoutOptions {
  readonly controller: AbortController;
  readonly timer: ReusableTimer;
  readonly onAbandon: (reason: AbandonedRequestError) => void;
}

/** The clock of one request: aborts it, and abandons it where that does not end it. */
class Timeout implements RequestTimeout {
  readonly milliseconds: number;
  readonly #options: TimeoutOptions;
  readonly #timer: PausableTimer;
  #grace: NodeJS.Timeout | undefined;

  constructor(milliseconds: number, options: TimeoutOptions) {
    this.milliseconds = milliseconds;
    this.#options = options;
    this.#timer = new PausableTimer(milliseconds, () => this.#end(), options.timer);
  }

  get signal(): AbortSignal {
    return this.#options.controller.signal;
  }

  suspend(): () => void {
    return this.#timer.suspend();
  }

  clear(): void {
    this.#timer.clear();
    nodeTimers.clearTimeout(this.#grace);
  }

  #end(): void {
    const message = `No answer within ${Math.round(this.milliseconds)} ms`;
    const reason = new DOMException(message, 'TimeoutError');
    this.#options.controller.abort(reason);
    this.#grace = nodeTimers.setTimeout(() => {
      this.#options.onAbandon(new AbandonedRequestError(message, { cause: reason }));
    }, abortGrace);
  }
}
