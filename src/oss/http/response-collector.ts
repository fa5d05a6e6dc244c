import type { Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import type { RequestSignal } from './fast-abort-signal.js';
import type { HttpAnswer, HttpHeaders, HttpRequest, RequestDispatcher } from './message.js';
import { RequestAborted } from './request-deadline.js';
import { requestError } from './request-error.js';
import { SocketWatch } from './socket-watch.js';

// Error documents are about 1 KiB; a longer body is not one.
const longestBody = 64 * 1024;

/** Collects the answer to one request. */
export class ResponseCollector implements Dispatcher.DispatchHandler {
  /** Settles when the request's body is not read any more. */
  readonly answer: Promise<HttpAnswer>;

  readonly #dispatcher: RequestDispatcher;
  readonly #request: HttpRequest;
  readonly #signal: RequestSignal;
  readonly #socket: SocketWatch;
  readonly #resolve: (answer: HttpAnswer) => void;
  readonly #reject: (error: Error) => void;

  /** Whether any call has shown that the request was handed to a connection. */
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

  /** The request's socket, if undici has published it. */
  protected get socket(): Socket | undefined {
    return this.#socket.socket;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#isSettled) {
      // It was abandoned while waiting for a connection, and reported as not sent: do not send it.
      const reason = new Error('the request was abandoned');
      controller.abort(reason);
      // An interceptor may not forward the abort; undici's `dump` does not.
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
    // An interim answer, such as 103, precedes the final one.
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
    // The headers of a successful POST suffice. OSS's documentation shows the answer to a seal with
    // a `Content-Length` for a body that never arrives.
    if (status < 300 && this.#request.method === 'POST' && announced(headers) > longestBody) {
      this.#finish();
      controller.abort(tooLong());
    }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isSettled) return;
    const piece = chunk.subarray(0, longestBody - this.#byteLength);
    // Copied, because a view keeps its whole buffer in memory.
    this.#pieces.push(Buffer.from(piece));
    this.#byteLength += piece.byteLength;
    if (piece.byteLength === chunk.byteLength) return;
    this.#finish();
    controller.abort(tooLong());
  }

  onResponseEnd(): void {
    this.#finish();
  }

  /** @param controller Absent if undici has not started the request. */
  onResponseError(controller: Dispatcher.DispatchController | null, error: Error): void {
    if (controller) this.#isStarted = true;
    this.dispatchFailed(error);
  }

  /** Rejects with the dispatcher's error. */
  dispatchFailed(error: unknown): void {
    // After its own failure a dispatcher does not read the body any more.
    this.#fail(error, this.#dispatcher.tellsStart || !this.#dispatcher.wasRead);
  }

  /** @param tellsStart Whether certainly nothing was sent if the request has not started. */
  #fail(error: unknown, tellsStart: boolean): void {
    if (this.#isSettled) return;
    const isAborted = error instanceof RequestAborted;
    if (this.#socket.isReused && !isAborted) this.#dispatcher.reuse.failed();
    const { describe, method, origin } = this.#request;
    const isStarted = this.#isStarted;
    const { isClosed, proxy } = this.#dispatcher;
    const reason = requestError(error, {
      describe,
      method,
      origin,
      proxy,
      isStarted,
      tellsStart,
      isClosed,
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

  /** Fixes the outcome, and calls `done` when the request's body is not read any more. */
  #settle(done: () => void): void {
    this.#isSettled = true;
    this.#signal.removeEventListener('abort', this.#abort);
    this.#socket.release(done);
  }

  #giveUp(error: Error): void {
    this.#fail(error, this.#dispatcher.tellsStart);
    this.#controller?.abort(error);
  }

  readonly #abort = (): void => this.#giveUp(this.#signal.reason);
}

function tooLong(): Error {
  return new Error('the answer is longer than allowed');
}

function announced(headers: HttpHeaders): number {
  return Number(headers['content-length'] ?? 0);
}
