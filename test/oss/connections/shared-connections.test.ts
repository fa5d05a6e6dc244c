import { once } from 'node:events';
import { Pool } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { shareConnections } from '../../../src/oss/connections/shared-connections.js';
import { OssClient } from '../../../src/oss/oss-client.js';
import { answer, startScriptedServer } from '../scripted-server.js';

const found = answer(200, { 'content-length': '0' });

async function start() {
  const server = await startScriptedServer(found);
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}

function createClient(endpoint: string, dispatcher?: Pool): OssClient {
  return new OssClient({
    bucket: 'logs',
    region: 'cn-hangzhou',
    endpoint,
    credentials: { accessKeyId: 'ak', accessKeySecret: 'sk' },
    dispatcher,
  });
}

describe('clients of one origin', () => {
  test('share connections until the last one closes', async () => {
    const server = await start();
    const first = createClient(server.endpoint);
    const second = createClient(server.endpoint);
    await first.headObject('a.log');
    await second.headObject('a.log');
    await first.close();
    await first.close();
    await second.headObject('a.log');

    const sockets = new Set(server.requests.map(({ socket }) => socket));
    expect(server.requests).toHaveLength(3);
    expect(sockets.size).toBe(1);
    const [socket] = sockets;
    expect(socket?.destroyed).toBe(false);
    await Promise.all([socket && once(socket, 'close'), second.close()]);
  });

  test('do not share connections with clients of another origin', async () => {
    const one = shareConnections('http://127.0.0.1:1');
    const other = shareConnections('http://127.0.0.1:2');
    expect(one.connections).not.toBe(other.connections);
    await Promise.all([one.release(), other.release()]);
  });

  test('open new connections after the last client closed', async () => {
    const server = await start();
    for (let round = 0; round < 2; round++) {
      const client = createClient(server.endpoint);
      await client.headObject('a.log');
      await client.close();
    }
    expect(server.requests[0]?.socket).not.toBe(server.requests[1]?.socket);
  });
});

test('close() does not close a dispatcher that was passed in', async () => {
  const server = await start();
  const dispatcher = new Pool(server.endpoint);
  onTestFinished(() => dispatcher.close());
  const client = createClient(server.endpoint, dispatcher);
  await client.headObject('a.log');
  await client.close();
  expect(dispatcher.closed).toBe(false);
});
