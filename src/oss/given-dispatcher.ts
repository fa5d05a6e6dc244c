import type { IncomingHttpHeaders } from 'node:http';
import { Client, type Dispatcher, MockAgent, ProxyAgent } from 'undici';
import type { RequestDispatcher } from './http-message.js';
import { PassedHandler } from './passed-handler.js';

type Handler = Dispatcher.DispatchHandler;
type Controller = Dispatcher.DispatchController;

/** Those of undici itself: its agents and pools inherit that of `Client`. */
const dispatchesOfUndici: ReadonlySet<unknown> = new Set(
  [Client, ProxyAgent, MockAgent].map(({ prototype }) => prototype.dispatch),
);

const given = new WeakMap<Dispatcher, GivenDispatcher>();

/** The same one for the same dispatcher, whichever clients it was passed to. */
export function givenDispatcher(dispatcher: Dispatcher): GivenDispatcher {
  let found = given.get(dispatcher);
  if (found === undefined) {
    found = new GivenDispatcher(dispatcher);
    given.set(dispatcher, found);
  }
  return found;
}

/**
 * A dispatcher that was passed in, and whether it can be relied on to say when a request starts.
 *
 * Before undici says so nothing of a request can have left, and a handler that refuses then keeps it
 * from leaving. But a dispatcher may be anything: an interceptor of somebody's that does not pass
 * the start on, or one that sends by other means. Those of undici are relied on at once, others as
 * soon as they have told a start, and none any more that has answered without.
 */
export class GivenDispatcher {
  readonly #dispatcher: Dispatcher;

  /** `undefined` until it has shown. */
  #tellsStarts: boolean | undefined;

  constructor(dispatcher: Dispatcher) {
    this.#dispatcher = dispatcher;
    if (dispatchesOfUndici.has(dispatcher.dispatch)) this.#tellsStarts = true;
  }

  /** Has `send` send one request, and resolves with its result. */
  use<T>(send: (dispatcher: RequestDispatcher) => Promise<T>): Promise<T> {
    return send(new GivenRequest(this.#dispatcher, this));
  }

  /** Whether no request leaves before it was said to start. */
  get tellsStarts(): boolean {
    return this.#tellsStarts === true;
  }

  /** Whether its owner has ended it, as far as it says. */
  get isClosed(): boolean {
    const { closed, destroyed } = this.#dispatcher as Partial<Client>;
    return closed === true || destroyed === true;
  }

  /** It has said that a request starts. */
  startTold(): void {
    this.#tellsStarts ??= true;
  }

  /** It has answered a request without having said that it starts. */
  startConcealed(): void {
    this.#tellsStarts = false;
  }
}

/** One request through a dispatcher that was passed in. */
class GivenRequest implements RequestDispatcher {
  readonly #dispatcher: Dispatcher;
  readonly #owner: GivenDispatcher;

  /** Nobody looks where the dispatcher is relied on. */
  #wasRead = true;

  constructor(dispatcher: Dispatcher, owner: GivenDispatcher) {
    this.#dispatcher = dispatcher;
    this.#owner = owner;
  }

  get tellsStart(): boolean {
    return this.#owner.tellsStarts;
  }

  get wasRead(): boolean {
    return this.#wasRead;
  }

  get isClosed(): boolean {
    return this.#owner.isClosed;
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Handler): boolean {
    const isRelied = this.#owner.tellsStarts;
    const passed = isRelied ? options : this.#watchBody(options);
    return this.#dispatcher.dispatch(passed, new StartNotice(handler, this.#owner));
  }

  #watchBody(options: Dispatcher.DispatchOptions): Dispatcher.DispatchOptions {
    const { body = null } = options;
    this.#wasRead = false;
    const get = () => {
      this.#wasRead = true;
      return body;
    };
    return Object.defineProperty({ ...options }, 'body', { enumerable: true, get });
  }
}

/** Passes everything on, and tells whether a request was said to start before it was answered. */
class StartNotice extends PassedHandler {
  readonly #owner: GivenDispatcher;
  #isTold = false;

  constructor(handler: Handler, owner: GivenDispatcher) {
    super(handler);
    this.#owner = owner;
  }

  override onRequestStart(controller: Controller, context: unknown): void {
    this.#isTold = true;
    this.#owner.startTold();
    super.onRequestStart(controller, context);
  }

  override onResponseStart(
    controller: Controller,
    status: number,
    headers: IncomingHttpHeaders,
    message?: string,
  ): void {
    if (!this.#isTold) this.#owner.startConcealed();
    super.onResponseStart(controller, status, headers, message);
  }
}
