import type { Socket } from 'node:net';
import { nodeTimers } from '../../timers/node-timers.js';

/**
 * Keeps undici from reading a socket, so that the server has to wait, by replacing `socket.read`.
 *
 * undici's own pause throws an uncatchable error if the connection ends meanwhile.
 *
 * @see https://github.com/nodejs/undici/issues/5360
 */
export class SocketPause {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  pause(): void {
    // undici calls it for each 'readable' event.
    this.#socket.read = () => null;
  }

  resume(): void {
    Reflect.deleteProperty(this.#socket, 'read');
    // Deferred: undici may still be parsing the data it read last.
    nodeTimers.nextTick(() => this.#socket.emit('readable'));
  }
}
