import { nodeTimers } from '../timers/node-timers.js';
import { PausableTimer } from '../timers/pausable-timer.js';
import { ReusableTimer } from '../timers/reusable-timer.js';
import type { RequestOptions, RequestTimeout } from './append-client.js';
import { attemptTimeout } from './attempt-timeout.js';

/** Milliseconds that a client has to reject after its signal fired. */
const abortGrace = 1000;

/**
 * Requests that share a signal: creating one costs as much as signing a request. Not more, because
 * some clients never remove their listeners, and Node warns of the eleventh.
 */
const maxPerSignal = 8;

/** A request ran out of time, and its client ignored the signal. */
export class AbandonedRequestError extends Error {
  override readonly name = 'AbandonedRequestError';
}

export interface RequestRunnerOptions {
  /** Ends the request in flight, and prevents further ones. */
  readonly signal: AbortSignal;

  /** Milliseconds for each request, in addition to the time that its bytes take. */
  readonly requestTimeout: number;
  readonly request: Omit<RequestOptions, 'signal' | 'timeout'>;
}

/** Runs the requests of one stream, one at a time, and each for a limited time. */
export class RequestRunner {
  readonly #options: RequestRunnerOptions;
  #controller = new AbortController();

  /** Requests that used the signal of `#controller`. */
  #requestsOfController = 0;

  /** Times the request in flight. */
  readonly #timer = new ReusableTimer();

  /** Rejects the request in flight without waiting for its client. */
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
   * Runs one request at once, with a signal that fires when the stream's signal does or when the
   * time is up. Time for which the request suspends its timeout does not count.
   *
   * @param byteLength Bytes that the request transfers.
   * @param discard Called with the value of a request that ends after it was abandoned, to release it.
   * @throws The error of the request, or {@link AbandonedRequestError} if its client ignores the
   *   signal: a client that hangs cannot hang the stream.
   */
  async run<T>(
    byteLength: number,
    send: (options: RequestOptions) => Promise<T>,
    discard: (late: T) => void = () => {},
  ): Promise<T> {
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
        let isAbandoned = false;
        this.#abandon = (reason) => {
          isAbandoned = true;
          reject(reason);
        };
        const { requestPayer, trafficLimit } = request;
        const { signal } = timeout;
        const options = { requestPayer, trafficLimit, signal, timeout };
        const sending = send(options satisfies Required<RequestOptions>);
        // A custom client may fail to return a promise.
        Promise.resolve(sending).then((value) => {
          if (isAbandoned) discard(value);
          else resolve(value);
        }, reject);
      });
    } finally {
      this.#abandon = undefined;
      timeout.clear();
    }
  }

  #controllerForNext(): AbortController {
    if (this.#requestsOfController++ === maxPerSignal || this.#controller.signal.aborted) {
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

/** The time limit of one request: aborts it, and abandons it if its client ignores that. */
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
