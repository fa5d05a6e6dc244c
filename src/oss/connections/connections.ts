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

  /** Called when the wait begins. Returns a function to call when it ends. */
  suspend(): () => void;
}

/**
 * Connections to one origin: one per concurrent request, up to a maximum. Further requests wait,
 * first come, first served.
 *
 * undici's own `Pool` considers a connection busy until the next turn of the event loop, so a
 * stream, which sends one request right after another, would alternate between two connections.
 */
export class Connections {
  readonly #origin: string;
  readonly #most: number;
  readonly #proxies: Proxies | undefined;

  /** Idle connections, the last used one at the end: it is the likeliest to be still connected. */
  readonly #free: Connection[] = [];

  /** Number of connections, idle or in use. */
  #count = 0;

  /** Waiting requests in order of arrival; empty while a connection is idle. */
  readonly #waiting = new Set<(client: Connection) => void>();
  #onQuiet: (() => void) | undefined;
  readonly #reuse: ConnectionReuse;

  /**
   * @param most Maximum number of connections.
   * @param proxies Proxies to connect through.
   */
  constructor(origin: string, most: number, proxies?: Proxies) {
    this.#origin = origin;
    this.#most = most;
    this.#proxies = proxies;
    const isForwarded = proxies !== undefined && origin.startsWith('http:');
    this.#reuse = new ConnectionReuse(() => this.#dropFree(), isForwarded);
  }

  /**
   * Lets `send` send one request, at once if a connection is free, and resolves with its result.
   * The connection is free again when undici has finished the request, or when `send` has returned
   * without sending one.
   *
   * @throws The signal's reason, if it fires while the request waits.
   */
  use<T>(send: (dispatcher: RequestDispatcher) => Promise<T>, wait: WaitOptions): Promise<T> {
    if (areTurnsFaked()) this.#dropFree();
    const client = this.#free.pop() ?? this.#open();
    return client === undefined ? this.#wait(send, wait) : this.#lend(client, send);
  }

  /** Waits for the requests in flight and for those waiting for a connection. */
  async close(): Promise<void> {
    while (this.#free.length < this.#count) {
      await new Promise<void>((resolve) => {
        this.#onQuiet = resolve;
      });
    }
    // A request re-signed after this opens a connection, which closes by its keep-alive timeout.
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
    // Deferred: undici calls the handler before it has removed the request from the connection.
    const giveBack = () => nodeTimers.queueMicrotask(() => this.#giveBack(client));
    const connection = new SingleUseConnection(client, this.#reuse, giveBack);
    try {
      return send(connection);
    } finally {
      if (!connection.isUsed) giveBack();
    }
  }

  /** Closes idle connections: they may be as dead as the one that has just failed. */
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
