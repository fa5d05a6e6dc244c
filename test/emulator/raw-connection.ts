import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Emulator } from '../../src/emulator/index.js';

/** A bare socket, for bytes that an HTTP client would not send, and for incomplete requests. */
export interface RawConnection extends AsyncDisposable {
  readonly socket: Socket;

  /** Sends bytes unchanged. */
  write(bytes: string | Uint8Array): void;

  /** Resolves with all bytes received so far, once they contain `text`. */
  until(text: string): Promise<string>;

  /** The same, once `isEnough` returns `true` or the server has closed. */
  untilEnough(isEnough: (received: string) => boolean): Promise<string>;

  /** Resolves with all bytes received when the server has closed. */
  untilClosed(): Promise<string>;
}

export async function openRawConnection(emulator: Emulator): Promise<RawConnection> {
  const { hostname, port } = new URL(emulator.endpoint);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  let received = '';
  socket.setEncoding('latin1');
  socket.on('data', (text: string) => {
    received += text;
  });
  socket.on('error', () => {}); // A reset counts as a close.
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const untilEnough = async (isEnough: (received: string) => boolean) => {
    while (!isEnough(received) && !socket.closed) {
      await Promise.race([new Promise((resolve) => socket.once('data', resolve)), closed]);
    }
    return received;
  };
  return {
    socket,
    write: (bytes) => void socket.write(bytes),
    until: async (text) => {
      await untilEnough(() => received.includes(text));
      if (received.includes(text)) return received;
      throw new Error(`Cannot find "${text}" in what was received: ${received}`);
    },
    untilEnough,
    untilClosed: async () => {
      await closed;
      return received;
    },
    [Symbol.asyncDispose]: async () => {
      socket.destroy();
      await closed;
    },
  };
}

/** The head of a request as text. */
export function headText(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}
