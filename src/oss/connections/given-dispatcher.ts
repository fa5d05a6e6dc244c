import type { IncomingHttpHeaders } from 'node:http';
import { Client, type Dispatcher, MockAgent, ProxyAgent } from 'undici';
import { nodeTimers } from '../../timers/node-timers.js';
import type { RequestDispatcher } from '../http/message.js';
import { ConnectionReuse } from './connection-reuse.js';
import type { WaitOptions } from './connections.js';
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
 * A dispatcher that was passed in: whether it can be relied on to say when a request starts, and how
 * many are under way in it.
 *
 * Before undici says so nothing of a request can have left, and a handler that refuses then keeps it
 * from leaving. But a dispatcher may be anything: an interceptor of somebody's that does not pass
 * the start on, or one that sends by other means. Those of undici are relied on at once, others as
 * soon as they have told a start, and none any more that has answered without.
 */
export class GivenDispatcher {
  readonly reuse = new ConnectionReuse();
  readonly #dispatcher: Dispatcher;

  /** `undefined` until it has shown. */
  #tellsStarts: boolean | undefined;

  /** Requests that have started and not ended. */
  #underWay = 0;

  /** Requests that have not started. Their clocks stand still while others are under way. */
  readonly #waiting = new Set<GivenRequest>();

  constructor(dispatcher: Dispatcher) {
    this.#dispatcher = dispatcher;
    if (dispatchesOfUndici.has(dispatcher.dispatch)) this.#tellsStarts = true;
  }

  /**
   * Has `send` send one request, and resolves with its result. The clock stands still while the request
   * waits for others to end, and only then: nothing else ends one whose connection is never made.
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

  /** Whether no request leaves before it was said to start. */
  get tellsStarts(): boolean {
    return this.#tellsStarts === true;
  }

  /** Whether its owner has ended it, as far as it says. */
  get isClosed(): boolean {
    const { closed, destroyed } = this.#dispatcher as Partial<Client>;
    return closed === true || destroyed === true;
  }

  /** A request waits for its start. */
  enter(request: GivenRequest): void {
    this.#waiting.add(request);
    if (this.#underWay > 0) request.suspend();
  }

  /** A request waits no more. */
  leave(request: GivenRequest): void {
    this.#waiting.delete(request);
    request.resume();
  }

  /** It has said that a request starts. */
  startTold(): void {
    this.#tellsStarts ??= true;
  }

  /** A request is under way. */
  began(): void {
    if (this.#underWay++ > 0) return;
    for (const request of this.#waiting) request.suspend();
  }

  /** A request is under way no more. */
  ended(): void {
    if (--this.#underWay > 0 || this.#waiting.size === 0) return;
    // The one that follows starts in the next turn, if there is a connection for it.
    nodeTimers.setImmediate(() => {
      if (this.#underWay > 0) return;
      for (const request of this.#waiting) request.resume();
    });
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
  readonly #wait: Pick<WaitOptions, 'suspend'>;
  #status: 'waiting' | 'under way' | 'ended' = 'waiting';
  #resume: (() => void) | undefined;

  /** Nobody looks where the dispatcher is relied on. */
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
    const isRelied = this.#owner.tellsStarts;
    const passed = isRelied ? options : this.#watchBody(options);
    this.#owner.enter(this);
    return this.#dispatcher.dispatch(passed, new ProgressNotice(handler, this));
  }

  /** Stops the clock until {@link resume}. */
  suspend(): void {
    this.#resume ??= this.#wait.suspend();
  }

  resume(): void {
    this.#resume?.();
    this.#resume = undefined;
  }

  /** The dispatcher says that it starts, perhaps once more, perhaps after it was given up. */
  start(): void {
    this.#owner.startTold();
    if (this.#status !== 'waiting') return;
    this.#status = 'under way';
    this.#owner.leave(this);
    this.#owner.began();
  }

  /** There is an answer. */
  answer(): void {
    if (this.#status === 'waiting') this.#owner.startConcealed();
  }

  end(): void {
    if (this.#status === 'under way') this.#owner.ended();
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

/** Passes everything on, and tells how far a request has come. */
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
