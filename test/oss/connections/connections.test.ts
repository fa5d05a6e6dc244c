import { getEventListeners, once } from 'node:events';
import type { Socket } from 'node:net';
import { finished } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { startEmulator } from '../../../src/emulator/index.js';
import { shareConnections } from '../../../src/oss/connections/shared-connections.js';
import { OssClient } from '../../../src/oss/oss-client.js';
import { AppendWritable } from '../../../src/stream/append-writable.js';
import { closedPort } from '../../helpers/closed-port.js';
import { useFakeTimers, useRealTimers } from '../../helpers/fake-timers.js';
import { openStream } from '../../helpers/open-stream.js';
import { answer, type Script, startScriptedServer } from '../scripted-server.js';

const found = answer(200, { 'content-length': '0' });

/** A server that holds every request until {@link answerNext} is called, and counts connections. */
async function start() {
  const held: (() => void | Promise<void>)[] = [];
  const hold: Script = (...exchange) => {
    held.push(() => found(...exchange));
  };
  const server = await startScriptedServer(hold);
  onTestFinished(() => server[Symbol.asyncDispose]());
  const open = new Set<Socket>();
  let most = 0;
  let total = 0;
  server.server.on('connection', (socket: Socket) => {
    total++;
    open.add(socket);
    most = Math.max(most, open.size);
    socket.once('close', () => open.delete(socket));
  });
  const { endpoint, requests } = server;
  return {
    endpoint,
    requests,
    held,
    keys: () => requests.map(({ url }) => url.replace('/logs/', '')),
    connections: () => ({ most, total }),
    async answerNext() {
      await expect.poll(() => held.length, { interval: 1 }).toBeGreaterThan(0);
      await held.shift()?.();
    },
  };
}

/** A client of `endpoint` with at most `most` connections. */
function createClient(endpoint: string, most?: number, requestTimeout?: number): OssClient {
  // Acquired before the client's, because the first acquisition sets the maximum.
  const share = shareConnections(endpoint, most);
  const client = new OssClient({
    bucket: 'logs',
    region: 'cn-hangzhou',
    endpoint,
    requestTimeout,
    credentials: { accessKeyId: 'ak', accessKeySecret: 'sk' },
  });
  onTestFinished(() => {
    void share.release();
    void client.close();
  });
  return client;
}

const settledness = async (promises: readonly Promise<unknown>[]) =>
  (await Promise.allSettled(promises)).map(({ status }) => status);

test('250 concurrent requests use 100 connections', async () => {
  const server = await start();
  const client = createClient(server.endpoint);
  const requests = Array.from({ length: 250 }, (_, index) => client.headObject(`${index}`));
  await expect.poll(() => server.held.length, { interval: 1 }).toBe(100);
  for (let answered = 0; answered < 250; answered++) await server.answerNext();

  expect(await settledness(requests)).toEqual(requests.map(() => 'fulfilled'));
  expect(server.connections()).toEqual({ most: 100, total: 100 });
});

test('requests that wait for a connection are sent in order of arrival', async () => {
  const server = await start();
  const client = createClient(server.endpoint, 2);
  const keys = Array.from({ length: 12 }, (_, index) => `${index}`);
  const requests = keys.map((key) => client.headObject(key));
  for (const _ of keys) await server.answerNext();

  expect(await settledness(requests)).toEqual(requests.map(() => 'fulfilled'));
  const [first, second, ...rest] = server.keys();
  // Two new connections may overtake each other.
  expect([first, second].sort()).toEqual(['0', '1']);
  expect(rest).toEqual(keys.slice(2));
  expect(server.connections().total).toBe(2);
});

test('successive requests use one connection, although others are idle', async () => {
  const server = await start();
  const client = createClient(server.endpoint);
  const together = ['a', 'b', 'c'].map((key) => client.headObject(key));
  for (const _ of together) await server.answerNext();
  await Promise.all(together);
  const sockets = new Set();
  for (let count = 0; count < 5; count++) {
    const request = client.headObject('d');
    await server.answerNext();
    await request;
    sockets.add(server.requests.at(-1)?.socket);
  }

  expect(sockets.size).toBe(1);
  expect(server.connections().total).toBe(3);
});

describe('a connection that fails when it is reused', () => {
  /** Makes the connections that are open now fail with `fail`; new ones are served. */
  async function startForgetful(fail: (socket: Socket) => void) {
    const forgotten = new Set<Socket>();
    const open = new Set<Socket>();
    const server = await startScriptedServer((...exchange) => {
      const [{ socket }] = exchange;
      open.add(socket);
      if (forgotten.has(socket)) fail(socket);
      else void found(...exchange);
    });
    onTestFinished(() => server[Symbol.asyncDispose]());
    const forget = () => {
      for (const socket of open) forgotten.add(socket);
    };
    return { endpoint: server.endpoint, forget };
  }

  test.each([
    { scenario: 'at once', fail: (socket: Socket) => void socket.destroy() },
    { scenario: 'by getting no answer', fail: () => {} },
  ])('makes the client drop the other idle connections: $scenario', async ({ fail }) => {
    const server = await startForgetful(fail);
    const client = createClient(server.endpoint, 100, 100);
    await Promise.all(['a', 'b', 'c'].map((key) => client.headObject(key)));
    server.forget();

    await expect(client.headObject('a')).rejects.toMatchObject({ outcome: 'unknown' });
    await Promise.all(['a', 'b', 'c'].map((key) => client.headObject(key)));
  });

  test('does not make the client drop the others when its request was aborted', async () => {
    const server = await start();
    const client = createClient(server.endpoint);
    const together = ['a', 'b'].map((key) => client.headObject(key));
    for (const _ of together) await server.answerNext();
    await Promise.all(together);
    const controller = new AbortController();
    const aborted = client.headObject('c', { signal: controller.signal });
    await expect.poll(() => server.held.length, { interval: 1 }).toBe(1);
    server.held.shift();
    controller.abort();
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
    const last = ['d', 'e'].map((key) => client.headObject(key));
    for (const _ of last) await server.answerNext();
    await Promise.all(last);

    expect(server.connections().total).toBe(3);
  });
});

describe('a request that waits for a connection', () => {
  test('leaves the queue when it is aborted, and is not sent', async () => {
    const server = await start();
    const client = createClient(server.endpoint, 1);
    const first = client.headObject('first');
    const controller = new AbortController();
    const { signal } = controller;
    const aborted = client.appendObject('aborted', 0, Buffer.from('hello'), { signal });
    const last = client.headObject('last');
    await expect.poll(() => server.held.length, { interval: 1 }).toBe(1);
    controller.abort();

    await expect(aborted).rejects.toMatchObject({
      name: 'AbortError',
      outcome: 'rejected',
      message: expect.stringMatching(/ was aborted by its signal before it was sent$/),
    });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    for (const _ of [first, last]) await server.answerNext();
    expect(await settledness([first, last])).toEqual(['fulfilled', 'fulfilled']);
    expect(server.keys()).toEqual(['first', 'last']);
  });

  test('releases its body when it leaves the queue', async () => {
    const server = await start();
    const client = createClient(server.endpoint, 1);
    const first = client.headObject('first');
    const abortOne = async () => {
      const controller = new AbortController();
      const body = Buffer.alloc(1024);
      const waiting = client.appendObject('a.log', 0, body, { signal: controller.signal });
      controller.abort();
      await expect(waiting).rejects.toMatchObject({ outcome: 'rejected' });
      return new WeakRef(body);
    };
    const body = await abortOne();
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    await expect
      .poll(() => {
        collect();
        return body.deref() === undefined;
      })
      .toBe(true);
    await server.answerNext();
    await first;
  });

  test("ends at the timeout of its caller's signal", async () => {
    const server = await start();
    const client = createClient(server.endpoint, 1);
    const first = client.headObject('first');
    const waiting = client.headObject('waiting', { signal: AbortSignal.timeout(20) });

    await expect(waiting).rejects.toMatchObject({
      outcome: 'rejected',
      message: expect.stringMatching(/ got no connection within \d+ ms$/),
    });
    await server.answerNext();
    await first;
    expect(server.keys()).toEqual(['first']);
  });

  test('is sent before close() closes the connections', async () => {
    const server = await start();
    const client = createClient(server.endpoint, 2);
    const requests = Array.from({ length: 6 }, (_, index) => client.headObject(`${index}`));
    let isClosed = false;
    // The test's own reference keeps the connections open too.
    const share = shareConnections(server.endpoint);
    const closing = Promise.all([client.close(), share.release()]).then(() => {
      isClosed = true;
    });
    for (const _ of requests) await server.answerNext();

    expect(await settledness(requests)).toEqual(requests.map(() => 'fulfilled'));
    await closing;
    expect(isClosed).toBe(true);
  });

  test('is signed only when a connection is free', async () => {
    const server = await start();
    const client = createClient(server.endpoint, 1);
    const first = client.headObject('first');
    const second = client.headObject('second');
    await expect.poll(() => server.held.length, { interval: 1 }).toBe(1);
    useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
    onTestFinished(() => {
      useRealTimers();
    });
    await server.answerNext();
    await server.answerNext();
    await Promise.all([first, second]);

    const [early, late] = server.requests.map(({ headers }) => headers['x-oss-date'] ?? '');
    expect(String(late) > String(early)).toBe(true);
  });
});

describe('the time of waiting for a connection does not count against the timeout', () => {
  const slow: Script = (...exchange) => {
    setTimeout(() => found(...exchange), 40);
  };

  test('of the client, even if requests wait much longer', async () => {
    const server = await startScriptedServer(slow);
    onTestFinished(() => server[Symbol.asyncDispose]());
    const client = createClient(server.endpoint, 1, 300);
    const requests = Array.from({ length: 15 }, (_, index) => client.headObject(`${index}`));

    expect(await settledness(requests)).toEqual(requests.map(() => 'fulfilled'));
  });

  test('of the client, but the time on a connection does', async () => {
    const server = await start();
    const client = createClient(server.endpoint, 1, 50);
    const requests = ['a', 'b'].map((key) => client.headObject(key));

    for (const request of requests) {
      await expect(request).rejects.toMatchObject({
        outcome: 'unknown',
        message: expect.stringMatching(/ got no answer within 50 ms$/),
      });
    }
  });

  test('of the caller, if that can be suspended', async () => {
    const server = await start();
    const client = createClient(server.endpoint, 1);
    const calls: string[] = [];
    const timeout = {
      milliseconds: 60_000,
      suspend() {
        calls.push('suspend');
        return () => calls.push('resume');
      },
    };
    const first = client.headObject('first', { timeout });
    expect(calls).toEqual([]);
    const second = client.headObject('second', { timeout });
    expect(calls).toEqual(['suspend']);
    const controller = new AbortController();
    const third = client.headObject('third', { timeout, signal: controller.signal });
    controller.abort();
    await expect(third).rejects.toMatchObject({ outcome: 'rejected' });
    expect(calls).toEqual(['suspend', 'suspend', 'resume']);
    for (const _ of [first, second]) await server.answerNext();
    await Promise.all([first, second]);
    expect(calls).toEqual(['suspend', 'suspend', 'resume', 'resume']);
  });

  test('of a stream, and costs no attempt', async () => {
    await using emulator = await startEmulator();
    emulator.faults.add({ kind: 'delay', delay: 40 });
    const { release } = shareConnections(emulator.endpoint, 1);
    onTestFinished(release);
    const streams = Array.from({ length: 16 }, (_, index) =>
      openStream(emulator, `${index}.log`, { requestTimeout: 400 }),
    );
    const retry = vi.fn();
    await Promise.all(
      streams.map(async (stream) => {
        stream.on('retry', retry);
        stream.end('aaaa');
        await finished(stream);
      }),
    );

    expect(retry).not.toHaveBeenCalled();
    for (const { key } of streams) {
      expect(String(await emulator.read('examplebucket', key))).toBe('aaaa');
    }
  });

  test('of a stream, whose request leaves the queue when the stream is destroyed', async () => {
    const server = await start();
    const { release } = shareConnections(server.endpoint, 1);
    onTestFinished(release);
    const options = {
      bucket: 'logs',
      region: 'cn-hangzhou',
      endpoint: server.endpoint,
      credentials: { accessKeyId: 'ak', accessKeySecret: 'sk' },
    };
    const [first, second] = ['first', 'second'].map(
      (key) => new AppendWritable({ ...options, key }),
    ) as [AppendWritable, AppendWritable];
    second.write('aaaa');
    await expect.poll(() => server.held.length, { interval: 1 }).toBe(1);
    second.destroy();
    await once(second, 'close');
    expect(second.takeUncommitted()).toMatchObject({ confirmed: true });
    const opened = once(first, 'ready');
    await server.answerNext();
    await opened;
    first.destroy();
    expect(server.keys()).toEqual(['first']);
  });
});

describe('a connection is free for the next request', () => {
  test('when the connection is refused', async () => {
    const endpoint = `http://127.0.0.1:${await closedPort()}`;
    const client = createClient(endpoint, 2);
    const requests = Array.from({ length: 20 }, (_, index) => client.headObject(`${index}`));

    for (const request of requests) {
      await expect(request).rejects.toMatchObject({
        outcome: 'rejected',
        cause: { syscall: 'connect' },
      });
    }
  });

  test('when the connection dies', async () => {
    const server = await start();
    const client = createClient(server.endpoint, 1);
    const first = client.headObject('first');
    const second = client.headObject('second');
    await expect.poll(() => server.held.length, { interval: 1 }).toBe(1);
    server.held.shift();
    server.requests[0]?.socket.destroy();

    await expect(first).rejects.toMatchObject({ outcome: 'unknown' });
    await server.answerNext();
    await second;
  });

  test('when a request in flight is aborted', async () => {
    const server = await start();
    const client = createClient(server.endpoint, 1);
    const controller = new AbortController();
    const first = client.headObject('first', { signal: controller.signal });
    const second = client.headObject('second');
    await expect.poll(() => server.held.length, { interval: 1 }).toBe(1);
    server.held.shift();
    controller.abort();

    await expect(first).rejects.toMatchObject({ outcome: 'unknown' });
    await server.answerNext();
    await second;
  });

  test('when the request cannot be signed or dispatched', async () => {
    const server = await start();
    createClient(server.endpoint, 1);
    const { connections, release } = shareConnections(server.endpoint);
    onTestFinished(release);
    const { signal } = new AbortController();
    const limits = { signal, suspend: () => () => {} };
    const refuse = () => {
      throw new Error('refused');
    };
    expect(() => connections.use(refuse, limits)).toThrow('refused');
    // Also after a wait, when undici refuses the request, and when the handler throws.
    const calls: string[] = [];
    const dispatch = (path: string, onRequestStart: () => void) =>
      connections.use(
        (dispatcher) =>
          new Promise<void>((resolve) => {
            dispatcher.dispatch(
              { method: 'GET', path },
              {
                onRequestStart,
                onResponseError: (_, { message }) => {
                  calls.push(message);
                  resolve();
                },
              },
            );
          }),
        limits,
      );
    const throws = () => {
      throw new Error('thrown');
    };
    const results = await Promise.allSettled([
      dispatch('no path', () => {}),
      connections.use(refuse, limits),
      dispatch('/thrown', throws),
      connections.use(async () => calls.push('nothing sent'), limits),
    ]);

    expect(results.map(({ status }) => status)).toEqual([
      ...['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
    ]);
    expect(calls).toEqual([expect.stringContaining('path'), 'thrown', 'nothing sent']);
  });

  test('when the body of a download has ended or was destroyed, and not before', async () => {
    const body = Buffer.alloc(1024 * 1024, 'x');
    const server = await startScriptedServer(
      answer(200, { 'content-length': String(body.byteLength) }, body),
    );
    onTestFinished(() => server[Symbol.asyncDispose]());
    const client = createClient(server.endpoint, 1);
    const stream = await client.getObject('body');
    const state = client.headObject('state');
    for (let turn = 0; turn < 20; turn++) await nextTurn();
    expect(server.requests).toHaveLength(1);

    let byteLength = 0;
    for await (const piece of stream) byteLength += piece.length;
    await state;
    expect(byteLength).toBe(body.byteLength);

    const again = await client.getObject('body');
    const last = client.headObject('state');
    again.destroy();
    await Promise.all([once(again, 'close'), last]);
  });
});
