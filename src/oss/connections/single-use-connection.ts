import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { RequestDispatcher } from '../http/message.js';
import type { Connection } from './connection.js';
import type { ConnectionReuse } from './connection-reuse.js';
import { PassedHandler } from './passed-handler.js';

type Handler = Dispatcher.DispatchHandler;
type Controller = Dispatcher.DispatchController;

/** A connection that nobody else uses until the one request it is lent for has ended. */
export class SingleUseConnection implements RequestDispatcher {
  readonly tellsStart = true;
  readonly wasRead = true;
  readonly isClosed = false;
  readonly reuse: ConnectionReuse;
  readonly #connection: Connection;
  readonly #onEnd: () => void;
  #isUsed = false;

  /** @param onEnd Called when undici has done with the request, while it still tells its handler. */
  constructor(connection: Connection, reuse: ConnectionReuse, onEnd: () => void) {
    this.#connection = connection;
    this.reuse = reuse;
    this.#onEnd = onEnd;
  }

  /** Whether a request has been sent on it. */
  get isUsed(): boolean {
    return this.#isUsed;
  }

  get proxy(): string | undefined {
    return this.#connection.proxy;
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Handler): boolean {
    if (this.#isUsed) throw new Error('Cannot send a second request on a connection that was lent');
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

/** Passes everything on, and tells once when the request has ended: nothing follows from then on. */
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

  // First of all, whatever the handler does; and once, for one that throws is told of an error too.
  end(): void {
    this.#onEnd?.();
    this.#onEnd = undefined;
  }
}
