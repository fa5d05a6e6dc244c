import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

const channel = 'undici:client:sendHeaders';

// As much as anybody reads of an answer, however thinly it is spread, with room for what frames it.
const longestAnswer = 1024 * 1024;

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
export class RequestSocket {
  readonly #onFlood: () => void;
  #socket: Socket | undefined;
  #bytesBefore = 0;

  /** @param onFlood Called when more than 1 MiB has come before {@link release}. */
  constructor(onFlood: () => void) {
    this.#onFlood = onFlood;
  }

  /** To be called when the request starts: undici publishes before anything else happens. */
  watch(): void {
    subscribe(channel, this.#onSendHeaders);
  }

  /** `undefined` before the request is on its way, and where it shares a socket with others. */
  get socket(): Socket | undefined {
    return this.#socket;
  }

  /** Stops watching, and cuts the connection if part of the request is still waiting to be sent. */
  release(): void {
    unsubscribe(channel, this.#onSendHeaders);
    this.#socket?.off('readable', this.#onReadable);
    if (this.#socket !== undefined && this.#socket.writableLength > 0) this.#socket.destroy();
  }

  readonly #onSendHeaders = (message: unknown): void => {
    unsubscribe(channel, this.#onSendHeaders);
    const { socket } = message as { socket: Socket & { readonly alpnProtocol?: unknown } };
    if (socket.alpnProtocol === 'h2') return;
    this.#socket = socket;
    this.#bytesBefore = socket.bytesRead;
    socket.on('readable', this.#onReadable);
  };

  readonly #onReadable = (): void => {
    const received = (this.#socket?.bytesRead ?? 0) - this.#bytesBefore;
    if (received > longestAnswer) this.#onFlood();
  };
}
