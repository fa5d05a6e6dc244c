import type { Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import type { RequestSignal } from './fast-abort-signal.js';
import type { HttpAnswer, HttpHeaders, HttpRequest, RequestDispatcher } from './message.js';
import { RequestAborted } from './request-deadline.js';
import { requestError } from './request-error.js';
import { SocketWatch } from './socket-watch.js';

// Error documents are about 1 KiB; whatever is longer is no error document.
const longestBody = 64 * 1024;

/** Collects the answer to one request. */
export class ResponseCollector implements Dispatcher.DispatchHandler {
  /** Settles once, when the request's body is not used any more. */
  readonly answer: Promise<HttpAnswer>;

  readonly #dispatcher: RequestDispatcher;
  readonly #request: HttpRequest;
  readonly #signal: RequestSignal;
  readonly #socket: SocketWatch;
  readonly #resolve: (answer: HttpAnswer) => void;
  readonly #reject: (error: Error) => void;

  /** Whether there was any sign that the request has been handed to a connection. */
  #isStarted = false;
  #controller: Dispatcher.DispatchController | undefined;
  #isSettled = false;
  #status = 0;
  #headers: HttpHeaders = {};
  readonly #pieces: Buffer[] = [];

  /** Always the sum of `#pieces` lengths. */
  #byteLength = 0;

  constructor(dispatcher: RequestDispatcher, request: HttpRequest, signal: RequestSignal) {
    let resolve: (answer: HttpAnswer) => void = () => {};
    let reject: (error: Error) => void = () => {};
    this.answer = new Promise((fulfil, refuse) => {
      resolve = fulfil;
      reject = refuse;
    });
    this.#resolve = resolve;
    this.#reject = reject;
    this.#dispatcher = dispatcher;
    this.#request = request;
    this.#signal = signal;
    this.#socket = new SocketWatch(request.headers, () => this.#giveUp(tooLong()));
    if (signal.aborted) this.#abort();
    else signal.addEventListener('abort', this.#abort);
  }

  /** Where the request goes out, where undici tells. */
  protected get socket(): Socket | undefined {
    return this.#socket.socket;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#isSettled) {
      // Given up while it waited for a connection, and reported as never sent: keep it so.
      const reason = new Error('the request was given up');
      controller.abort(reason);
      // A handler in between may keep that to itself, as the one of undici's `dump` does.
      if (controller.aborted === false) throw reason;
      return;
    }
    this.#isStarted = true;
    this.#controller = controller;
    this.#socket.watch();
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: HttpHeaders,
  ): void {
    this.#isStarted = true;
    this.#controller ??= controller;
    // A 103 comes before the answer proper.
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
    // All that a success has to say is in its headers; OSS's documentation shows a seal whose
    // answer announces a body that never comes.
    if (status < 300 && this.#request.method === 'POST' && announced(headers) > longestBody) {
      this.#finish();
      controller.abort(tooLong());
    }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isSettled) return;
    const piece = chunk.subarray(0, longestBody - this.#byteLength);
    // A copy, because a view keeps all that it came with.
    this.#pieces.push(Buffer.from(piece));
    this.#byteLength += piece.byteLength;
    if (piece.byteLength === chunk.byteLength) return;
    this.#finish();
    controller.abort(tooLong());
  }

  onResponseEnd(): void {
    this.#finish();
  }

  /** @param controller Absent where undici has not started the request. */
  onResponseError(controller: Dispatcher.DispatchController | null, error: Error): void {
    if (controller) this.#isStarted = true;
    this.dispatchFailed(error);
  }

  /** Settles with an error made of that of the dispatcher. */
  dispatchFailed(error: unknown): void {
    // A dispatcher that has failed by itself is not going to read any more.
    this.#fail(error, this.#dispatcher.tellsStart || !this.#dispatcher.wasRead);
  }

  /** @param tellsStart Whether it is certain that nothing has left without a sign of the start. */
  #fail(error: unknown, tellsStart: boolean): void {
    if (this.#isSettled) return;
    const isAborted = error instanceof RequestAborted;
    if (this.#socket.isReused && !isAborted) this.#dispatcher.reuse.failed();
    const { describe, method, origin } = this.#request;
    const isStarted = this.#isStarted;
    const { isClosed, proxy } = this.#dispatcher;
    const reason = requestError(error, {
      ...{ describe, method, origin, proxy, isStarted, tellsStart, isClosed },
    });
    this.#settle(() => this.#reject(reason));
  }

  #finish(): void {
    if (this.#isSettled) return;
    if (this.#socket.isReused) this.#dispatcher.reuse.succeeded();
    const body = Buffer.concat(this.#pieces, this.#byteLength);
    const { proxy } = this.#dispatcher;
    const answer = { status: this.#status, headers: this.#headers, body, proxy };
    this.#settle(() => this.#resolve(answer));
  }

  /** Nothing changes the outcome from now on. */
  #settle(tell: () => void): void {
    this.#isSettled = true;
    this.#signal.removeEventListener('abort', this.#abort);
    this.#socket.release(tell);
  }

  #giveUp(error: Error): void {
    this.#fail(error, this.#dispatcher.tellsStart);
    this.#controller?.abort(error);
  }

  readonly #abort = (): void => this.#giveUp(this.#signal.reason);
}

function tooLong(): Error {
  return new Error('the answer is longer than it may be');
}

function announced(headers: HttpHeaders): number {
  return Number(headers['content-length'] ?? 0);
}
