import type { Socket } from 'node:net';
import { nodeTimers } from '../../timers/node-timers.js';

/**
 * Keeps undici from reading a socket, so that the server has to wait.
 *
 * undici's own pause throws where nobody can catch it when the connection ends meanwhile.
 *
 * @see https://github.com/nodejs/undici/issues/5360
 */
export class SocketPause {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  pause(): void {
    // What undici asks for whenever it is told that there is something.
    this.#socket.read = () => null;
  }

  resume(): void {
    Reflect.deleteProperty(this.#socket, 'read');
    // Not at once: undici may be in the middle of what it read last.
    nodeTimers.nextTick(() => this.#socket.emit('readable'));
  }
}
