// A server with one long object that grows while it is read. It makes up the bytes as it sends them.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { combineCrc64, loadCrc64 } from '../../../src/crc64.js';
import { serve } from '../../helpers/remote.js';
import { block, contentFrom } from './long-content.js';

const blockCrc64 = (await loadCrc64())(block);

/** The object as the next HEAD sees it; the lengths are whole blocks. */
const object = { length: 0, crc64: 0n, final: 0, step: 0 };

function grow(byteLength: number): void {
  for (let added = 0; added < byteLength; added += block.byteLength) {
    object.crc64 = combineCrc64(object.crc64, blockCrc64, block.byteLength);
  }
  object.length += byteLength;
}

function answer({ method, headers }: IncomingMessage, response: ServerResponse): void {
  const common = { 'x-oss-request-id': '1', 'x-oss-object-type': 'Appendable' };
  const [, first = '', last = ''] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
  if (method === 'GET') {
    const [start, end] = [Number(first), Number(last) + 1];
    response.writeHead(206, {
      ...common,
      'content-length': end - start,
      'content-range': `bytes ${start}-${end - 1}/${object.length}`,
    });
    Readable.from(contentFrom(start, end)).pipe(response);
    return;
  }
  response.writeHead(200, {
    ...common,
    'content-length': object.length,
    'x-oss-next-append-position': object.length,
    'x-oss-hash-crc64ecma': String(object.crc64),
    ...(object.length === object.final ? { 'x-oss-sealed-time': new Date().toUTCString() } : {}),
  });
  response.end();
  if (object.length < object.final) grow(Math.min(object.step, object.final - object.length));
}

const functions = {
  /**
   * Starts to serve an object.
   *
   * @param length Bytes at the first HEAD.
   * @param step Bytes by which it grows from one HEAD to the next, up to `final`.
   */
  async start({ length, step, final }: { length: number; step: number; final: number }) {
    Object.assign(object, { length: 0, crc64: 0n, step, final });
    grow(length);
    const server = createServer(answer).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  },
};

export type GrowingObjectFunctions = typeof functions;

serve(functions);
