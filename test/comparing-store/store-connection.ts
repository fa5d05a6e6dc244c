import type { Socket } from 'node:net';
import { RequestScanner } from '../helpers/request-scanner.js';
import type { ExpectedObject } from './expected-object.js';

type Find = (key: string) => ExpectedObject | undefined;

/**
 * Serves those requests of one connection that appending needs. Node's HTTP server would take as
 * long for a small append as the clients that are measured.
 */
export function serveConnection(socket: Socket, find: Find): void {
  const scanner = new RequestScanner();
  let current: Exchange | undefined;
  socket.on('data', (bytes: Buffer) => {
    for (const piece of scanner.scan(bytes)) {
      if (piece.kind === 'head') {
        current = new Exchange(socket, piece.method, find(keyOf(piece.target)), piece.target);
        if (piece.contentLength === 0) current.end();
      } else {
        current?.take(piece.bytes);
        if (piece.rest === 0) current?.end();
      }
    }
  });
  // A client that disconnects shows in the account: its bytes are missing.
  socket.on('error', () => socket.destroy());
}

/** The last part of the path: ali-oss sends no bucket when the endpoint is an IP address. */
function keyOf(target: string): string {
  return /([^/?]*)(\?|$)/.exec(target)?.[1] ?? '';
}

class Exchange {
  readonly #socket: Socket;
  readonly #method: string;
  readonly #object: ExpectedObject | undefined;
  readonly #isInPlace: boolean;

  constructor(socket: Socket, method: string, object: ExpectedObject | undefined, target: string) {
    this.#socket = socket;
    this.#method = method;
    this.#object = object;
    const position = Number(/position=(\d+)/.exec(target)?.[1]);
    this.#isInPlace = object?.length === position;
    if (object === undefined) return;
    object.requests++;
    if (method === 'POST' && this.#isInPlace) object.appends++;
  }

  take(bytes: Buffer): void {
    if (this.#isInPlace) this.#object?.add(bytes);
  }

  end(): void {
    const object = this.#object;
    if (this.#method === 'HEAD') {
      if (object === undefined || object.appends === 0) this.#answer('404 Not Found', '');
      else this.#answer('200 OK', headersOf(object));
    } else if (object === undefined) {
      this.#answer('501 Not Implemented', '', 'This object is not expected');
    } else if (!this.#isInPlace) {
      const code = '<Error><Code>PositionNotEqualToLength</Code></Error>';
      this.#answer('409 Conflict', `x-oss-next-append-position: ${object.length}\r\n`, code);
    } else if (object.delay === 0) {
      this.#answer('200 OK', headersOf(object));
    } else {
      let headers = '';
      setTimeout(() => this.#answer('200 OK', headers), object.delay);
      // Computed during the delay, because a real store computes it too.
      headers = headersOf(object);
    }
  }

  #answer(status: string, headers: string, body = ''): void {
    const length = `content-length: ${body.length}\r\n`;
    this.#socket.write(
      `HTTP/1.1 ${status}\r\nx-oss-request-id: 5C3D9175B6FC201293AD4890\r\n${headers}${length}\r\n${body}`,
    );
  }
}

function headersOf({ length, crc64 }: ExpectedObject): string {
  return `x-oss-object-type: Appendable\r\nx-oss-next-append-position: ${length}\r\nx-oss-hash-crc64ecma: ${crc64}\r\n`;
}
