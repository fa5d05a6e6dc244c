import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { nodeTimers } from '../../timers/node-timers.js';

/** Requests that a socket serves at the moment. All of them share one listener on it. */
const served = new WeakMap<Socket, Set<SocketWatch>>();

/** The request started last. undici publishes it in the same turn if it is written to a socket. */
let started: SocketWatch | undefined;
let isSubscribed = false;

// More than is read of any answer, with ample room for headers and chunk framing.
const longestAnswer = 1024 * 1024;

interface SendHeadersMessage {
  /** Alternating names and values; text in versions of undici before 6. */
  readonly request: { readonly headers: readonly unknown[] | string };
  readonly socket: Socket & { readonly alpnProtocol?: unknown };
}

/**
 * Finds the socket of a request, and guards against two cases that undici does not handle. undici
 * reveals the socket only on a diagnostics channel.
 *
 * - The answer may arrive before the request's body was sent completely. undici would send the rest
 *   from memory that its owner may have changed by then.
 * - undici limits header names and values, and the collector the answer's body. Nothing limits
 *   interim answers, the space around values and chunk extensions. They can hold memory too,
 *   because each part that is kept retains its whole buffer.
 *
 * @see https://undici.nodejs.org/#/docs/api/DiagnosticsChannel
 */
export class SocketWatch {
  readonly #signature: string | undefined;
  readonly #onFlood: () => void;
  #socket: Socket | undefined;
  #bytesBefore = 0;
  #isReused = false;

  /**
   * @param headers Alternating names and values.
   * @param onFlood Called when more than 1 MiB has been received before {@link release}.
   */
  constructor(headers: readonly string[], onFlood: () => void) {
    const name = headers.lastIndexOf('authorization');
    this.#signature = name === -1 ? undefined : headers[name + 1];
    this.#onFlood = onFlood;
  }

  /**
   * Must be called when the request starts: undici publishes its socket before anything else. A
   * dispatcher without sockets publishes nothing; the next message then belongs to another request.
   */
  watch(): void {
    started = this;
    if (isSubscribed) return;
    // Never unsubscribed: undici runs slower for a while after the first subscriber is added or the
    // last one removed.
    subscribe('undici:client:sendHeaders', (message) => {
      const watcher = started;
      if (watcher === undefined) return;
      const { request, socket } = message as SendHeadersMessage;
      if (!watcher.#isOf(request)) return;
      started = undefined;
      if (socket.alpnProtocol !== 'h2') watcher.#attach(socket);
    });
    isSubscribed = true;
  }

  /** `undefined` before the request is sent, and if it shares its socket with others (HTTP/2). */
  get socket(): Socket | undefined {
    return this.#socket;
  }

  /** Whether the socket has served another of our requests before. */
  get isReused(): boolean {
    return this.#isReused;
  }

  /**
   * Stops watching, and calls `done` when the request's body is not read any more: at once, or a
   * turn later. Destroys the socket if part of the request is still unsent then.
   */
  release(done: () => void): void {
    if (started === this) started = undefined;
    const socket = this.#socket;
    if (socket !== undefined) served.get(socket)?.delete(this);
    if (socket === undefined || socket.writableLength === 0) {
      done();
      return;
    }
    const { bytesWritten: end } = socket;
    const finish = () => {
      // Compare with `end`: other requests may have been written since.
      if (socket.bytesWritten - socket.writableLength < end) socket.destroy();
      done();
    };
    // A TLS socket reports a completed write only in the next turn; in a busy process the answer
    // may arrive before that.
    if (socket instanceof TLSSocket) nodeTimers.setImmediate(finish);
    else finish();
  }

  /** Compares signatures: a proxied request may have another path, but keeps its signature. */
  #isOf({ headers }: SendHeadersMessage['request']): boolean {
    return this.#signature !== undefined && headers.lastIndexOf(this.#signature) !== -1;
  }

  #attach(socket: Socket): void {
    this.#socket = socket;
    this.#bytesBefore = socket.bytesRead;
    const others = served.get(socket);
    if (others !== undefined) {
      this.#isReused = true;
      others.add(this);
      return;
    }
    const requests = new Set<SocketWatch>([this]);
    served.set(socket, requests);
    socket.on('readable', () => {
      for (const request of requests) request.#onReadable();
    });
  }

  #onReadable(): void {
    const received = (this.#socket?.bytesRead ?? 0) - this.#bytesBefore;
    if (received > longestAnswer) this.#onFlood();
  }
}
