// A store in its own process for one object that several writers append to. An answer takes as long as
// that of OSS: half of the time passes before the position is compared, and half of it afterwards, for
// refusals too. So a writer that is refused knows the new end no sooner than the one that was faster.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { loadCrc64 } from '../../src/crc64.js';
import { serve } from '../../test/helpers/remote.js';
import { RequestScanner } from '../../test/helpers/request-scanner.js';
import { type SharedAccount, SharedObject } from './shared-object.js';

const crc64 = await loadCrc64();
let object = new SharedObject(crc64, 1);
let delay = 0;

const functions = {
  /**
   * Begins with an object that does not exist.
   *
   * @param milliseconds That a request takes.
   * @param lineLength Bytes of a line.
   * @returns The endpoint.
   */
  async start(milliseconds: number, lineLength: number): Promise<string> {
    delay = milliseconds;
    object = new SharedObject(crc64, lineLength);
    const server = createServer(serveConnection);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  },

  account: (): SharedAccount => object.account,
};

export type SharedStoreFunctions = typeof functions;

serve(functions);

function serveConnection(socket: Socket): void {
  const scanner = new RequestScanner();
  let method = '';
  let position = 0;
  let body: Buffer[] = [];
  socket.on('data', (bytes: Buffer) => {
    for (const piece of scanner.scan(bytes)) {
      if (piece.kind === 'head') {
        method = piece.method;
        position = Number(/position=(\d+)/.exec(piece.target)?.[1]);
        body = [];
      } else {
        body.push(piece.bytes);
      }
      const isWhole = piece.kind === 'head' ? piece.contentLength === 0 : piece.rest === 0;
      if (isWhole) answer(socket, method, position, Buffer.concat(body));
    }
  });
  // A client that disconnects shows in the account: its lines are missing.
  socket.on('error', () => {});
}

function answer(socket: Socket, method: string, position: number, chunk: Buffer): void {
  setTimeout(() => {
    const text = method === 'HEAD' ? describe() : append(position, chunk);
    setTimeout(() => socket.write(text), delay / 2);
  }, delay / 2);
}

function describe(): string {
  return object.account.appends === 0 ? format('404 Not Found', '') : format('200 OK', headers());
}

function append(position: number, chunk: Buffer): string {
  if (object.append(position, chunk)) return format('200 OK', headers());
  const code = '<Error><Code>PositionNotEqualToLength</Code></Error>';
  return format('409 Conflict', `x-oss-next-append-position: ${object.length}\r\n`, code);
}

function headers(): string {
  return `x-oss-object-type: Appendable\r\nx-oss-next-append-position: ${object.length}\r\nx-oss-hash-crc64ecma: ${object.crc64}\r\n`;
}

function format(status: string, lines: string, body = ''): string {
  return `HTTP/1.1 ${status}\r\nx-oss-request-id: 5C3D9175B6FC201293AD4890\r\n${lines}content-length: ${body.length}\r\n\r\n${body}`;
}
