import { once } from 'node:events';
import { createSecureServer } from 'node:http2';
import { type AddressInfo, createServer } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { Agent, Client, type Dispatcher, Pool } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { OssClient } from '../../src/index.js';
import { makeIdentity } from '../helpers/identity.js';
import { startScriptedServer } from './scripted-server.js';

function connect(endpoint: string, dispatcher: Dispatcher): OssClient {
  onTestFinished(() => dispatcher.destroy());
  return new OssClient({
    bucket: 'logs',
    region: 'cn-hangzhou',
    endpoint,
    dispatcher,
    credentials: { accessKeyId: 'ak', accessKeySecret: 'hunter2' },
  });
}

test('with pipelining, no request is ended by the answer to the previous one', async () => {
  const large = Buffer.alloc(5 * 1024 * 1024, 'a');
  const server = await startScriptedServer(({ method }, response) => {
    response.setHeader('x-oss-request-id', 'R');
    response.setHeader('x-oss-object-type', 'Appendable');
    response.setHeader('content-length', large.byteLength);
    response.end(method === 'GET' ? large : '');
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  const { endpoint } = server;
  const client = connect(endpoint, new Pool(endpoint, { pipelining: 10, connections: 1 }));
  await client.headObject('a.log');

  const [download, state, again] = await Promise.all([
    client.getObject('a.log').then(buffer),
    client.headObject('b.log'),
    client.getObject('c.log').then(buffer),
  ]);
  expect(download.equals(large)).toBe(true);
  expect(again.equals(large)).toBe(true);
  expect(state).toMatchObject({ length: large.byteLength });
});

test('with pipelining, no request is sent after a body that was refused half way', async () => {
  let posts = 0;
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (head) => {
      posts++;
      const isLarge = Number(/content-length: (\d+)/.exec(String(head))?.[1]) > 64;
      socket.write(
        `HTTP/1.1 ${isLarge ? '409 Conflict' : '200 OK'}\r\nx-oss-request-id: R\r\nx-oss-next-append-position: 64\r\ncontent-length: 0\r\n\r\n`,
      );
      if (isLarge) socket.pause();
    });
  });
  server.listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.close();
  });
  await once(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = connect(endpoint, new Client(endpoint, { pipelining: 2 }));

  // More than the loopback buffers hold between two sockets.
  const refused = client.appendObject('a.log', 0, Buffer.alloc(32 * 1024 * 1024));
  const accepted = client.appendObject('b.log', 0, Buffer.alloc(64));
  await expect(refused).rejects.toMatchObject({ outcome: 'conflict' });
  await expect(accepted).resolves.toMatchObject({ nextPosition: 64 });
  expect(posts).toBe(2);
});

test("over HTTP/2, the caller's body is not read any more after the request was abandoned", async () => {
  const { key, cert } = await makeIdentity();
  const server = createSecureServer({ key, cert });
  const controller = new AbortController();
  // Reads nothing before the request was abandoned.
  const arriving = new Promise<Buffer>((resolve) => {
    server.on('stream', (stream) => {
      stream.on('error', () => {});
      controller.signal.addEventListener('abort', () => resolve(buffer(stream)));
      controller.abort();
    });
  });
  server.listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.close();
  });
  await once(server, 'listening');
  const endpoint = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = connect(endpoint, new Agent({ allowH2: true, connect: { ca: cert } }));

  const body = Buffer.alloc(256 * 1024, 'a');
  const appending = client.appendObject('a.log', 0, body, { signal: controller.signal });
  await expect(appending).rejects.toMatchObject({ outcome: 'unknown' });
  body.fill('X');
  expect((await arriving).includes('X')).toBe(false);
});
