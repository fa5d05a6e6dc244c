import type { IncomingHttpHeaders } from 'node:http';
import { Client, type Dispatcher, MockAgent, ProxyAgent } from 'undici';
import { nodeTimers } from '../../timers/node-timers.js';
import type { RequestDispatcher } from '../http/message.js';
import { ConnectionReuse } from './connection-reuse.js';
import type { WaitOptions } from './connections.js';
import { PassedHandler } from './passed-handler.js';

type Handler = Dispatcher.DispatchHandler;
type Controller = Dispatcher.DispatchController;

/** The `dispatch` methods of undici itself; its agents and pools inherit that of `Client`. */
const dispatchesOfUndici: ReadonlySet<unknown> = new Set(
  [Client, ProxyAgent, MockAgent].map(({ prototype }) => prototype.dispatch),
);

const given = new WeakMap<Dispatcher, GivenDispatcher>();

/** Returns the one `GivenDispatcher` of a dispatcher, even if several clients share it. */
export function givenDispatcher(dispatcher: Dispatcher): GivenDispatcher {
  let found = given.get(dispatcher);
  if (found === undefined) {
    found = new GivenDispatcher(dispatcher);
    given.set(dispatcher, found);
  }
  return found;
}

/**
 * A dispatcher passed in by the user. Tracks whether it reliably calls `onRequestStart`, and how
 * many of our requests are in flight in it.
 *
 * undici calls `onRequestStart` before it sends anything, and a handler that aborts there keeps the
 * request from being sent. A custom dispatcher may differ: an interceptor may not forward the call,
 * or the dispatcher may send by other means. undici's own dispatchers are trusted from the
 * beginning, others after their first `onRequestStart`, and none any more once it has answered
 * without calling it.
 */
export class GivenDispatcher {
  readonly reuse = new ConnectionReuse();
  readonly #dispatcher: Dispatcher;

  /** `undefined` until the first request has shown it. */
  #tellsStarts: boolean | undefined;

  /** Requests that have started and not ended. */
  #inFlight = 0;

  /** Requests that have not started. Their timeouts are suspended while others are in flight. */
  readonly #waiting = new Set<GivenRequest>();

  constructor(dispatcher: Dispatcher) {
    this.#dispatcher = dispatcher;
    if (dispatchesOfUndici.has(dispatcher.dispatch)) this.#tellsStarts = true;
  }

  /**
   * Lets `send` send one request, and resolves with its result. The timeout is suspended only while
   * the request waits for others to end: nothing else ends a request that never gets a connection.
   */
  async use<T>(
    send: (dispatcher: RequestDispatcher) => Promise<T>,
    wait: Pick<WaitOptions, 'suspend'>,
  ): Promise<T> {
    const request = new GivenRequest(this.#dispatcher, this, wait);
    try {
      return await send(request);
    } catch (error) {
      request.end();
      throw error;
    } finally {
      this.leave(request);
    }
  }

  /** Whether it certainly calls `onRequestStart` before it sends anything. */
  get tellsStarts(): boolean {
    return this.#tellsStarts === true;
  }

  /** Whether its owner has closed or destroyed it, if it has undici's properties that tell. */
  get isClosed(): boolean {
    const { closed, destroyed } = this.#dispatcher as Partial<Client>;
    return closed === true || destroyed === true;
  }

  /** A request begins to wait for its start. */
  enter(request: GivenRequest): void {
    this.#waiting.add(request);
    if (this.#inFlight > 0) request.suspend();
  }

  /** A request no longer waits. */
  leave(request: GivenRequest): void {
    this.#waiting.delete(request);
    request.resume();
  }

  /** It has called `onRequestStart`. */
  startTold(): void {
    this.#tellsStarts ??= true;
  }

  /** A request has started. */
  began(): void {
    if (this.#inFlight++ > 0) return;
    for (const request of this.#waiting) request.suspend();
  }

  /** A started request has ended. */
  ended(): void {
    if (--this.#inFlight > 0 || this.#waiting.size === 0) return;
    // If the connection is free again, the next request starts within the next turn.
    nodeTimers.setImmediate(() => {
      if (this.#inFlight > 0) return;
      for (const request of this.#waiting) request.resume();
    });
  }

  /** It has answered a request without calling `onRequestStart`. */
  startConcealed(): void {
    this.#tellsStarts = false;
  }
}

/** One request through a user's dispatcher. */
class GivenRequest implements RequestDispatcher {
  readonly #dispatcher: Dispatcher;
  readonly #owner: GivenDispatcher;
  readonly #wait: Pick<WaitOptions, 'suspend'>;
  #status: 'waiting' | 'in flight' | 'ended' = 'waiting';
  #resume: (() => void) | undefined;

  /** Only tracked for dispatchers that are not trusted. */
  #wasRead = true;

  constructor(dispatcher: Dispatcher, owner: GivenDispatcher, wait: Pick<WaitOptions, 'suspend'>) {
    this.#dispatcher = dispatcher;
    this.#owner = owner;
    this.#wait = wait;
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

  get reuse(): ConnectionReuse {
    return this.#owner.reuse;
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Handler): boolean {
    const isTrusted = this.#owner.tellsStarts;
    const passed = isTrusted ? options : this.#watchBody(options);
    this.#owner.enter(this);
    return this.#dispatcher.dispatch(passed, new ProgressNotice(handler, this));
  }

  /** Suspends the timeout until {@link resume}. */
  suspend(): void {
    this.#resume ??= this.#wait.suspend();
  }

  resume(): void {
    this.#resume?.();
    this.#resume = undefined;
  }

  /** The dispatcher called `onRequestStart`, possibly again, or after the request was abandoned. */
  start(): void {
    this.#owner.startTold();
    if (this.#status !== 'waiting') return;
    this.#status = 'in flight';
    this.#owner.leave(this);
    this.#owner.began();
  }

  /** The head of an answer has arrived. */
  answer(): void {
    if (this.#status === 'waiting') this.#owner.startConcealed();
  }

  end(): void {
    if (this.#status === 'in flight') this.#owner.ended();
    this.#status = 'ended';
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

/** Forwards all calls, and reports the progress of the request. */
class ProgressNotice extends PassedHandler {
  readonly #request: GivenRequest;

  constructor(handler: Handler, request: GivenRequest) {
    super(handler);
    this.#request = request;
  }

  override onRequestStart(controller: Controller, context: unknown): void {
    this.#request.start();
    super.onRequestStart(controller, context);
  }

  override onResponseStart(
    controller: Controller,
    status: number,
    headers: IncomingHttpHeaders,
    message?: string,
  ): void {
    this.#request.answer();
    super.onResponseStart(controller, status, headers, message);
  }

  override onResponseEnd(controller: Controller, trailers: IncomingHttpHeaders): void {
    this.#request.end();
    super.onResponseEnd(controller, trailers);
  }

  override onResponseError(controller: Controller, error: Error): void {
    this.#request.end();
    super.onResponseError(controller, error);
  }
}
