import type { Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import type { HttpAnswer, HttpHeaders, HttpRequest } from './http-message.js';
import type { RequestSignal } from './light-signal.js';
import { requestError } from './request-error.js';
import { RequestSocket } from './request-socket.js';

// Error documents are about 1 KiB; whatever is longer is no error document.
const longestBody = 64 * 1024;

/** Collects the answer to one request. */
export class AnswerHandler implements Dispatcher.DispatchHandler {
  /** Settles once, when the request's body is not used any more. */
  readonly answer: Promise<HttpAnswer>;

  readonly #request: HttpRequest;
  readonly #signal: RequestSignal;
  readonly #socket: RequestSocket;
  readonly #resolve: (answer: HttpAnswer) => void;
  readonly #reject: (error: Error) => void;

  /** Absent until undici hands the request to a connection: nothing can have left before. */
  #controller: Dispatcher.DispatchController | undefined;
  #isSettled = false;
  #status = 0;
  #headers: HttpHeaders = {};
  readonly #pieces: Buffer[] = [];

  /** Always the sum of `#pieces` lengths. */
  #byteLength = 0;

  constructor(request: HttpRequest, signal: RequestSignal) {
    let resolve: (answer: HttpAnswer) => void = () => {};
    let reject: (error: Error) => void = () => {};
    this.answer = new Promise((fulfil, refuse) => {
      resolve = fulfil;
      reject = refuse;
    });
    this.#resolve = resolve;
    this.#reject = reject;
    this.#request = request;
    this.#signal = signal;
    this.#socket = new RequestSocket(request.headers, () => this.#giveUp(tooLong()));
    if (signal.aborted) this.#abort();
    else signal.addEventListener('abort', this.#abort);
  }

  /** Where the request goes out, where undici tells. */
  protected get socket(): Socket | undefined {
    return this.#socket.socket;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isSettled) {
      // Given up while it waited for a connection, and reported as never sent: keep it so.
      controller.abort(new Error('the request was given up'));
    } else {
      this.#socket.watch();
    }
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: HttpHeaders,
  ): void {
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

  onResponseError(_controller: unknown, error: Error): void {
    this.fail(error);
  }

  /** Settles with an error made of `error`. */
  fail(error: unknown): void {
    if (this.#isSettled) return;
    const { describe, method, origin } = this.#request;
    const isStarted = this.#controller !== undefined;
    const reason = requestError(error, { describe, method, origin, isStarted });
    this.#settle(() => this.#reject(reason));
  }

  #finish(): void {
    if (this.#isSettled) return;
    const body = Buffer.concat(this.#pieces, this.#byteLength);
    const answer = { status: this.#status, headers: this.#headers, body };
    this.#settle(() => this.#resolve(answer));
  }

  /** Nothing changes the outcome from now on. */
  #settle(tell: () => void): void {
    this.#isSettled = true;
    this.#signal.removeEventListener('abort', this.#abort);
    this.#socket.release(tell);
  }

  #giveUp(error: Error): void {
    this.fail(error);
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
