import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { RequestDispatcher } from '../http/message.js';
import type { Connection } from './connection.js';
import type { ConnectionReuse } from './connection-reuse.js';
import { PassedHandler } from './passed-handler.js';

type Handler = Dispatcher.DispatchHandler;
type Controller = Dispatcher.DispatchController;

/** A connection reserved for one request until that has ended. */
export class SingleUseConnection implements RequestDispatcher {
  readonly tellsStart = true;
  readonly wasRead = true;
  readonly isClosed = false;
  readonly reuse: ConnectionReuse;
  readonly #connection: Connection;
  readonly #onEnd: () => void;
  #isUsed = false;

  /** @param onEnd Called when undici has finished the request, just before its handler is. */
  constructor(connection: Connection, reuse: ConnectionReuse, onEnd: () => void) {
    this.#connection = connection;
    this.reuse = reuse;
    this.#onEnd = onEnd;
  }

  /** Whether its request has been dispatched. */
  get isUsed(): boolean {
    return this.#isUsed;
  }

  get proxy(): string | undefined {
    return this.#connection.proxy;
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Handler): boolean {
    if (this.#isUsed) throw new Error('Cannot send a second request on a single-use connection');
    this.#isUsed = true;
    const notice = new EndNotice(handler, this.#onEnd);
    try {
      return this.#connection.dispatch(options, notice);
    } catch (error) {
      notice.end();
      throw error;
    }
  }
}

/** Forwards all calls, and reports once when the request has ended. */
class EndNotice extends PassedHandler {
  #onEnd: (() => void) | undefined;

  constructor(handler: Handler, onEnd: () => void) {
    super(handler);
    this.#onEnd = onEnd;
  }

  override onResponseEnd(controller: Controller, trailers: IncomingHttpHeaders): void {
    this.end();
    super.onResponseEnd(controller, trailers);
  }

  override onResponseError(controller: Controller, error: Error): void {
    this.end();
    super.onResponseError(controller, error);
  }

  // Before the handler, which may throw; and only once: undici then calls `onResponseError` too.
  end(): void {
    this.#onEnd?.();
    this.#onEnd = undefined;
  }
}
