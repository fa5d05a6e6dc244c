import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

const channel = 'undici:client:sendHeaders';

/**
 * Watches which socket a request goes out on, to know whether its body has left.
 *
 * An answer may come before the body was read, and undici would go on sending the rest of it from
 * memory that its owner is free to change by then. undici tells the socket on this channel only.
 *
 * @see https://undici.nodejs.org/#/docs/api/DiagnosticsChannel
 */
export class WrittenBody {
  #socket: Socket | undefined;

  /** To be called when the request starts: undici publishes before anything else happens. */
  watch(): void {
    subscribe(channel, this.#onSendHeaders);
  }

  /** Cuts the connection if part of the body is still waiting to be sent. */
  release(): void {
    unsubscribe(channel, this.#onSendHeaders);
    if (this.#socket !== undefined && this.#socket.writableLength > 0) this.#socket.destroy();
    this.#socket = undefined;
  }

  readonly #onSendHeaders = (message: unknown): void => {
    unsubscribe(channel, this.#onSendHeaders);
    this.#socket = (message as { socket: Socket }).socket;
  };
}
