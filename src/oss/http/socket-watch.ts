import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { nodeTimers } from '../../timers/node-timers.js';

/** What a socket serves at the moment; for listening to each once, and not for each request. */
const served = new WeakMap<Socket, Set<SocketWatch>>();

/** Whose request has started, and is published in the same turn if it goes out on a socket. */
let started: SocketWatch | undefined;
let isSubscribed = false;

// As much as anybody reads of an answer, however thinly it is spread, with room for what frames it.
const longestAnswer = 1024 * 1024;

interface SendHeadersMessage {
  /** Names and values in turn; text in versions of undici before 6. */
  readonly request: { readonly headers: readonly unknown[] | string };
  readonly socket: Socket & { readonly alpnProtocol?: unknown };
}

/**
 * The socket that a request goes out on, and what undici does not look after there. undici tells the
 * socket on this channel only.
 *
 * - An answer may come before the request's body was read, and undici would go on sending the rest of
 *   it from memory that its owner is free to change by then.
 * - undici counts the names and values of headers, and what goes to the answer's body. Whatever else
 *   comes has no end: interim answers, the space around values, the extensions of chunks. It can hold
 *   back memory too, because each part that counts keeps all that it came with.
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
   * @param headers Names and values in turn.
   * @param onFlood Called when more than 1 MiB has come before {@link release}.
   */
  constructor(headers: readonly string[], onFlood: () => void) {
    const name = headers.lastIndexOf('authorization');
    this.#signature = name === -1 ? undefined : headers[name + 1];
    this.#onFlood = onFlood;
  }

  /**
   * To be called when the request starts: undici publishes before anything else happens. A dispatcher
   * without sockets publishes nothing, and the next to be published is somebody else's request then.
   */
  watch(): void {
    started = this;
    if (isSubscribed) return;
    // Once for all: undici runs slower for a while whenever the first subscriber comes or the last
    // one goes.
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

  /** `undefined` before the request is on its way, and where it shares a socket with others. */
  get socket(): Socket | undefined {
    return this.#socket;
  }

  /** Whether the socket has served another request of ours before. */
  get isReused(): boolean {
    return this.#isReused;
  }

  /**
   * Stops watching, and calls back when nobody reads the request's memory any more: at once, or a turn
   * later. Cuts the connection if part of the request is still waiting to be sent then.
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
      // Others may have written to it as well since then.
      if (socket.bytesWritten - socket.writableLength < end) socket.destroy();
      done();
    };
    // A TLS socket tells only in the next turn that it has taken everything, and to a process that is
    // busy the answer may come before.
    if (socket instanceof TLSSocket) nodeTimers.setImmediate(finish);
    else finish();
  }

  /** Whatever is made of a request on the way, a proxy's path for one, its signature stays. */
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
