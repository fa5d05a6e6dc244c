import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { nodeTimers } from '../../timers/node-timers.js';
import { ReusableTimer } from '../../timers/reusable-timer.js';
import { readContentRange } from '../response/response-headers.js';
import { dispatch } from './exchange.js';
import type { RequestSignal } from './fast-abort-signal.js';
import type { HttpAnswer, HttpHeaders, HttpRequest, RequestDispatcher } from './message.js';
import { SocketPause } from './pause-socket.js';
import { RequestTimedOut } from './request-deadline.js';
import { requestError } from './request-error.js';
import { ResponseCollector } from './response-collector.js';

/** The answer to a GET, with its body as a stream. */
interface Download extends HttpAnswer {
  /** The body of a successful answer; empty for a refusal, whose body is in `body`. */
  readonly stream: Readable;
}

/**
 * Sends a GET and resolves when the head of its answer arrives.
 *
 * @param options `signal` has an effect until then; `idleTimeout` is the maximum in milliseconds
 * between two pieces of the body.
 * @throws {OssRequestError} If no answer arrived.
 */
export async function download(
  dispatcher: RequestDispatcher,
  request: HttpRequest,
  options: { readonly signal: RequestSignal; readonly idleTimeout: number },
): Promise<Download> {
  const handler = new DownloadHandler(dispatcher, request, options);
  if (!options.signal.aborted) dispatch(dispatcher, request, handler);
  const answer = await handler.answer;
  return { ...answer, stream: handler.stream ?? Readable.from([]) };
}

/** Turns the body of a successful answer into a stream, and collects that of any other answer. */
class DownloadHandler extends ResponseCollector {
  stream: Readable | undefined;
  readonly #dispatcher: RequestDispatcher;
  readonly #request: HttpRequest;
  readonly #idleTimeout: number;
  #socketPause: Pick<SocketPause, 'pause' | 'resume'> | undefined;
  #isPaused = false;
  readonly #idleTimer = new ReusableTimer();

  /** Bytes still expected; `NaN` if the answer has no readable `Content-Range`. */
  #remaining = Number.NaN;

  constructor(
    dispatcher: RequestDispatcher,
    request: HttpRequest,
    options: { readonly signal: RequestSignal; readonly idleTimeout: number },
  ) {
    super(dispatcher, request, options.signal);
    this.#dispatcher = dispatcher;
    this.#request = request;
    this.#idleTimeout = options.idleTimeout;
  }

  override onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: HttpHeaders,
  ): void {
    super.onResponseStart(controller, status, headers);
    if (status !== 200 && status !== 206) return;
    const range = status === 206 ? readContentRange(headers) : undefined;
    if (range !== undefined) this.#remaining = range.last - range.first + 1;
    this.#socketPause = this.socket === undefined ? controller : new SocketPause(this.socket);
    this.stream = new Readable({
      read: () => this.#resume(),
      destroy: (error, callback) => {
        this.#idleTimer.close();
        controller.abort(error ?? new Error('the download was cancelled'));
        callback(error);
      },
    });
    super.onResponseEnd();
    this.#awaitMore();
  }

  override onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.stream === undefined) {
      super.onResponseData(controller, chunk);
      return;
    }
    this.#remaining -= chunk.byteLength;
    if (this.#remaining < 0) {
      controller.abort(new Error('the body is longer than its Content-Range'));
      return;
    }
    // Copy small views: each keeps its whole buffer, up to 64 KiB for each byte of a chunked body.
    const isSmall = chunk.byteLength < chunk.buffer.byteLength / 2;
    if (this.stream.push(isSmall ? Buffer.from(chunk) : chunk)) this.#awaitMore();
    else this.#pause();
  }

  override onResponseEnd(): void {
    if (this.stream === undefined) {
      super.onResponseEnd();
      return;
    }
    // Or the answer to the next request on this socket would not be read.
    this.#resume();
    this.#idleTimer.close();
    if (this.#remaining > 0) this.#fail(new Error('the body is shorter than its Content-Range'));
    else this.stream.push(null);
  }

  override onResponseError(controller: Dispatcher.DispatchController | null, error: Error): void {
    if (this.stream === undefined) super.onResponseError(controller, error);
    else this.#fail(error);
  }

  #pause(): void {
    this.#idleTimer.stop();
    this.#isPaused = true;
    this.#socketPause?.pause();
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#socketPause?.resume();
    this.#awaitMore();
  }

  #awaitMore(): void {
    this.#idleTimer.start(this.#idleTimeout, () => {
      this.#fail(new RequestTimedOut(this.#idleTimeout));
    });
  }

  #fail(error: Error): void {
    const { describe, method, origin } = this.#request;
    const { proxy } = this.#dispatcher;
    const failure = requestError(error, { describe, method, origin, proxy, isStarted: true });
    // Deferred: the caller may not have the stream yet, so nobody would listen for its 'error'.
    nodeTimers.setImmediate(() => this.stream?.destroy(failure));
  }
}
