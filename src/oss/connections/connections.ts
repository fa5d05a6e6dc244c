import { Client } from 'undici';
import { areTurnsFaked, nodeTimers } from '../../timers/node-timers.js';
import type { RequestSignal } from '../http/fast-abort-signal.js';
import type { RequestDispatcher } from '../http/message.js';
import { type Connection, connectionSettings } from './connection.js';
import { ConnectionReuse } from './connection-reuse.js';
import { ProxiedConnection } from './proxied-connection.js';
import type { Proxies } from './proxies.js';
import { SingleUseConnection } from './single-use-connection.js';

/** How long a request may wait for a connection. */
export interface WaitOptions {
  /** Ends the wait at once. */
  readonly signal: RequestSignal;

  /** Called when the wait begins; what it returns is called when it ends. */
  suspend(): () => void;
}

/**
 * Connections to one origin: as many as there are requests at a time, up to a bound. Requests beyond
 * it wait, first come, first served.
 *
 * undici's own `Pool` takes a connection for busy until the event loop has turned, so that requests
 * in succession, which is what a stream sends, would need two connections by turns.
 */
export class Connections {
  readonly #origin: string;
  readonly #most: number;
  readonly #proxies: Proxies | undefined;

  /** Those that no request uses, the last one used last: it is the likeliest to be connected. */
  readonly #free: Connection[] = [];

  /** How many there are, free or not. */
  #count = 0;

  /** In the order in which they came; empty while a connection is free. */
  readonly #waiting = new Set<(client: Connection) => void>();
  #onQuiet: (() => void) | undefined;
  readonly #reuse: ConnectionReuse;

  /**
   * @param most Connections at a time.
   * @param proxies What they lead through.
   */
  constructor(origin: string, most: number, proxies?: Proxies) {
    this.#origin = origin;
    this.#most = most;
    this.#proxies = proxies;
    const isPassedOn = proxies !== undefined && origin.startsWith('http:');
    this.#reuse = new ConnectionReuse(() => this.#dropFree(), isPassedOn);
  }

  /**
   * Has `send` send one request, at once if a connection is free, and resolves with its result. The
   * connection is free again when undici has done with the request, or when `send` returned without
   * having sent any.
   *
   * @throws The reason of the signal, if that fires while the request waits.
   */
  use<T>(send: (dispatcher: RequestDispatcher) => Promise<T>, wait: WaitOptions): Promise<T> {
    if (areTurnsFaked()) this.#dropFree();
    const client = this.#free.pop() ?? this.#open();
    return client === undefined ? this.#wait(send, wait) : this.#lend(client, send);
  }

  /** Waits for requests under way, and for those that wait for their turn. */
  async close(): Promise<void> {
    while (this.#free.length < this.#count) {
      await new Promise<void>((resolve) => {
        this.#onQuiet = resolve;
      });
    }
    // A request that is signed again after this opens a connection that ends with its keep-alive.
    this.#count = 0;
    await Promise.all(this.#free.splice(0).map((client) => client.close()));
  }

  #open(): Connection | undefined {
    if (this.#count === this.#most) return undefined;
    this.#count++;
    return this.#proxies === undefined
      ? new Client(this.#origin, connectionSettings)
      : new ProxiedConnection(this.#origin, this.#proxies);
  }

  async #wait<T>(
    send: (dispatcher: RequestDispatcher) => Promise<T>,
    wait: WaitOptions,
  ): Promise<T> {
    wait.signal.throwIfAborted();
    const resume = wait.suspend();
    const client = await this.#turn(wait.signal).catch((reason) => {
      resume();
      throw reason;
    });
    return this.#lend(client, (dispatcher) => {
      resume();
      return send(dispatcher);
    });
  }

  #turn(signal: RequestSignal): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const start = (client: Connection) => {
        signal.removeEventListener('abort', leave);
        resolve(client);
      };
      const leave = () => {
        this.#waiting.delete(start);
        reject(signal.reason);
      };
      this.#waiting.add(start);
      signal.addEventListener('abort', leave);
    });
  }

  #lend<T>(client: Connection, send: (dispatcher: RequestDispatcher) => T): T {
    // Not at once: undici tells the end of a request before it has cleared it away.
    const giveBack = () => nodeTimers.queueMicrotask(() => this.#giveBack(client));
    const connection = new SingleUseConnection(client, this.#reuse, giveBack);
    try {
      return send(connection);
    } finally {
      if (!connection.isUsed) giveBack();
    }
  }

  /** What was idle as long as a connection that has failed may fail too. */
  #dropFree(): void {
    this.#count -= this.#free.length;
    for (const client of this.#free.splice(0)) void client.destroy();
  }

  #giveBack(client: Connection): void {
    const [next] = this.#waiting;
    if (next !== undefined) {
      this.#waiting.delete(next);
      next(client);
      return;
    }
    this.#free.push(client);
    if (this.#free.length === this.#count) this.#onQuiet?.();
  }
}
