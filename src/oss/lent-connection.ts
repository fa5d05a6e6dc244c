import type { IncomingHttpHeaders } from 'node:http';
import type { Client, Dispatcher } from 'undici';
import type { RequestDispatcher } from './http-message.js';

type Handler = Dispatcher.DispatchHandler;
type Controller = Dispatcher.DispatchController;

/** A connection that nobody else uses until the one request it is lent for has ended. */
export class LentConnection implements RequestDispatcher {
  readonly #client: Client;
  readonly #onEnd: () => void;
  #isUsed = false;

  /** @param onEnd Called when undici has done with the request, while it still tells its handler. */
  constructor(client: Client, onEnd: () => void) {
    this.#client = client;
    this.#onEnd = onEnd;
  }

  /** Whether a request has been sent on it. */
  get isUsed(): boolean {
    return this.#isUsed;
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Handler): boolean {
    if (this.#isUsed) throw new Error('Cannot send a second request on a connection that was lent');
    this.#isUsed = true;
    return this.#client.dispatch(options, new EndNotice(handler, this.#onEnd));
  }
}

/** Passes everything on, and tells once when the request has ended: nothing follows from then on. */
class EndNotice implements Handler {
  readonly #handler: Handler;
  #onEnd: (() => void) | undefined;

  constructor(handler: Handler, onEnd: () => void) {
    this.#handler = handler;
    this.#onEnd = onEnd;
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.#handler.onRequestStart?.(controller, context);
  }

  onResponseStart(
    controller: Controller,
    status: number,
    headers: IncomingHttpHeaders,
    message?: string,
  ): void {
    this.#handler.onResponseStart?.(controller, status, headers, message);
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.#handler.onResponseData?.(controller, chunk);
  }

  onResponseEnd(controller: Controller, trailers: IncomingHttpHeaders): void {
    this.#end();
    this.#handler.onResponseEnd?.(controller, trailers);
  }

  onResponseError(controller: Controller, error: Error): void {
    this.#end();
    this.#handler.onResponseError?.(controller, error);
  }

  // First of all, whatever the handler does; and once, for one that throws is told of an error too.
  #end(): void {
    this.#onEnd?.();
    this.#onEnd = undefined;
  }
}
