import type { Socket } from 'node:net';
import { type HeadPiece, RequestScanner } from '../helpers/request-scanner.js';
import type { ExpectedObject } from './expected-object.js';

/** Bytes of a body that are sent at once; before each the store waits. */
const paceSize = 2 ** 20;

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
        current = new Exchange(socket, piece, find(keyOf(piece.target)));
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

  /** First and last byte that are asked for. */
  readonly #range: readonly [number, number] | undefined;

  constructor(socket: Socket, head: HeadPiece, object: ExpectedObject | undefined) {
    const { method, target } = head;
    this.#socket = socket;
    this.#method = method;
    this.#object = object;
    const range = /^range: *bytes=(\d+)-(\d+)/im.exec(head.bytes.toString('latin1'));
    this.#range = range === null ? undefined : [Number(range[1]), Number(range[2])];
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
    if (object?.isStored && this.#method !== 'POST') {
      if (this.#method === 'GET') this.#send(object, this.#range);
      else this.#describe(object);
    } else if (this.#method === 'HEAD') {
      if (object === undefined || object.appends === 0) this.#answer('404 Not Found', '');
      else this.#answer('200 OK', headersOf(object), { length: object.length });
    } else if (this.#method === 'GET' && object !== undefined && object.appends > 0) {
      this.#send(object, this.#range);
    } else if (object === undefined) {
      this.#answer('501 Not Implemented', '', { body: 'This object is not expected' });
    } else if (!this.#isInPlace) {
      const code = '<Error><Code>PositionNotEqualToLength</Code></Error>';
      this.#answer('409 Conflict', `x-oss-next-append-position: ${object.length}\r\n`, {
        body: code,
      });
    } else if (object.delay === 0) {
      this.#answer('200 OK', headersOf(object));
    } else {
      let headers = '';
      setTimeout(() => this.#answer('200 OK', headers), object.delay);
      // Computed during the delay, because a real store computes it too.
      headers = headersOf(object);
    }
  }

  /** Answers a HEAD of an object to be read, which may have grown by the next one. */
  #describe(object: ExpectedObject): void {
    const { length, isSealed } = object;
    const sealed = isSealed ? `x-oss-sealed-time: ${new Date().toUTCString()}\r\n` : '';
    const headers = `${headersOf(object)}${sealed}`;
    object.grow();
    setTimeout(() => this.#answer('200 OK', headers, { length }), object.delay);
  }

  #send(object: ExpectedObject, range: readonly [number, number] | undefined): void {
    const { length, delay } = object;
    const [first, last] = range ?? [0, length - 1];
    const end = Math.min(last + 1, length);
    const ofRange = range ? `content-range: bytes ${first}-${end - 1}/${length}\r\n` : '';
    const headers = `${headersOf(object)}${ofRange}`;
    const answer = () =>
      this.#answer(range ? '206 Partial Content' : '200 OK', headers, { length: end - first });
    if (delay === 0) {
      answer();
      for (const piece of object.read(first, end)) this.#socket.write(piece);
      return;
    }
    let position = first;
    const sendMore = () => {
      if (this.#socket.destroyed) return;
      if (position === first) answer();
      const next = Math.min(position + paceSize, end);
      for (const piece of object.read(position, next)) this.#socket.write(piece);
      position = next;
      if (position < end) setTimeout(sendMore, delay);
    };
    setTimeout(sendMore, delay);
  }

  #answer(
    status: string,
    headers: string,
    { body = '', length = body.length }: { readonly body?: string; readonly length?: number } = {},
  ): void {
    this.#socket.write(
      `HTTP/1.1 ${status}\r\nx-oss-request-id: 5C3D9175B6FC201293AD4890\r\n${headers}content-length: ${length}\r\n\r\n${body}`,
    );
  }
}

function headersOf({ length, crc64, type }: ExpectedObject): string {
  const next = type === 'Appendable' ? `x-oss-next-append-position: ${length}\r\n` : '';
  return `x-oss-object-type: ${type}\r\n${next}x-oss-hash-crc64ecma: ${crc64}\r\netag: "${crc64}"\r\n`;
}
