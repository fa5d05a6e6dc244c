import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { AnswerHandler } from './answer-handler.js';
import { dispatch } from './http-exchange.js';
import type { HttpAnswer, HttpHeaders, HttpRequest, RequestDispatcher } from './http-message.js';
import { requestError } from './request-error.js';

/** The answer to a GET. */
interface Download extends HttpAnswer {
  /** The body of a success; empty for a refusal, whose `body` has it. */
  readonly stream: Readable;
}

/**
 * Sends a GET and resolves as soon as its answer begins.
 *
 * @param options `signal` counts until then; `idleTimeout` is how many milliseconds may pass
 * between two pieces of the body.
 * @throws {OssRequestError} If no answer came.
 */
export async function download(
  dispatcher: RequestDispatcher,
  request: HttpRequest,
  options: { readonly signal: AbortSignal; readonly idleTimeout: number },
): Promise<Download> {
  const handler = new DownloadHandler(request, options.signal);
  if (!options.signal.aborted) dispatch(dispatcher, request, handler, options.idleTimeout);
  const answer = await handler.answer;
  return { ...answer, stream: handler.stream ?? Readable.from([]) };
}

/** Turns the body of a success into a stream, and collects that of anything else. */
class DownloadHandler extends AnswerHandler {
  stream: Readable | undefined;
  readonly #request: HttpRequest;

  constructor(request: HttpRequest, signal: AbortSignal) {
    super(request, signal);
    this.#request = request;
  }

  override onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: HttpHeaders,
  ): void {
    super.onResponseStart(controller, status, headers);
    if (status !== 200 && status !== 206) return;
    this.stream = new Readable({
      read: () => controller.resume(),
      destroy(error, callback) {
        controller.abort(error ?? new Error('the download was given up'));
        callback(error);
      },
    });
    super.onResponseEnd();
  }

  override onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.stream === undefined) super.onResponseData(controller, chunk);
    else if (!this.stream.push(chunk)) controller.pause();
  }

  override onResponseEnd(): void {
    if (this.stream === undefined) super.onResponseEnd();
    else this.stream.push(null);
  }

  override onResponseError(controller: unknown, error: Error): void {
    if (this.stream === undefined) {
      super.onResponseError(controller, error);
      return;
    }
    const { describe, method, origin } = this.#request;
    this.stream.destroy(requestError(error, { describe, method, origin, isStarted: true }));
  }
}
