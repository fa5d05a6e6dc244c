import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { finished } from 'node:stream/promises';
import { Agent, type Dispatcher, interceptors } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import { OssClient } from '../../src/index.js';
import { openStream } from '../helpers/open-stream.js';
import { answer, startScriptedServer } from './scripted-server.js';

const appended = answer(200, { 'x-oss-next-append-position': '5' });

function connect(dispatcher: Dispatcher, endpoint: string, requestTimeout?: number): OssClient {
  return new OssClient({
    bucket: 'logs',
    region: 'cn-hangzhou',
    endpoint,
    dispatcher,
    requestTimeout,
    credentials: { accessKeyId: 'ak', accessKeySecret: 'hunter2' },
  });
}

const append = (client: OssClient) => client.appendObject('a.log', 0, Buffer.from('hello'));

describe("a request that waits in a user's dispatcher", () => {
  const kinds = [
    { kind: 'an Agent', create: () => new Agent({ connections: 1 }) },
    {
      kind: 'a composed Agent',
      create: () =>
        new Agent({ connections: 1 }).compose(
          (dispatch) =>
            (...of) =>
              dispatch(...of),
        ),
    },
    {
      kind: 'an Agent that dumps bodies',
      create: () => new Agent({ connections: 1 }).compose(interceptors.dump()),
    },
  ];

  /** Answers each request after `delay` milliseconds. */
  async function startSlowServer(delay: number) {
    const server = await startScriptedServer((...exchange) => {
      setTimeout(() => void appended(...exchange), delay);
    });
    onTestFinished(() => server[Symbol.asyncDispose]());
    return server;
  }

  test.each(kinds)('has its whole timeout when it starts: $kind', async ({ create }) => {
    const { endpoint } = await startSlowServer(40);
    const dispatcher = create();
    onTestFinished(() => dispatcher.destroy());
    const client = connect(dispatcher, endpoint, 300);
    const requests = Array.from({ length: 15 }, () => append(client));

    const results = await Promise.allSettled(requests);
    expect(results.map(({ status }) => status)).toEqual(requests.map(() => 'fulfilled'));
  });

  test('costs a stream no attempt', async () => {
    await using emulator = await startEmulator();
    emulator.faults.add({ kind: 'delay', delay: 20, times: Number.POSITIVE_INFINITY });
    const dispatcher = new Agent({ connections: 2 });
    onTestFinished(() => dispatcher.destroy());
    const ends = Array.from({ length: 40 }, async (_, index) => {
      const stream = openStream(emulator, `${index}.log`, { dispatcher, requestTimeout: 600 });
      stream.end('a line');
      await finished(stream);
      return stream.stats.retries;
    });

    expect(await Promise.all(ends)).toEqual(ends.map(() => 0));
  });

  test.each(kinds)('ends at once when it is aborted, and is not sent: $kind', async (row) => {
    const { endpoint, requests } = await startSlowServer(40);
    const dispatcher = row.create();
    onTestFinished(() => dispatcher.destroy());
    const client = connect(dispatcher, endpoint);
    const controller = new AbortController();
    const { signal } = controller;
    await append(client);
    const first = append(client);
    const given = client.appendObject('given up', 0, Buffer.from('hello'), { signal });
    const last = client.appendObject('last', 0, Buffer.from('hello'));
    controller.abort();

    await expect(given).rejects.toMatchObject({
      name: 'AbortError',
      outcome: 'rejected',
      message: expect.stringMatching(/ was aborted by its signal before it was sent$/),
    });
    await Promise.all([first, last]);
    expect(requests.map(({ url }) => url.replace(/^\/logs\/|\?.*/g, ''))).toEqual([
      ...['a.log', 'a.log', 'last'],
    ]);
  });

  test('ends at a timeout that its caller cannot suspend', async () => {
    const { endpoint } = await startSlowServer(100);
    const dispatcher = new Agent({ connections: 1 });
    onTestFinished(() => dispatcher.destroy());
    const client = connect(dispatcher, endpoint);
    const first = append(client);
    const signal = AbortSignal.timeout(20);
    const waiting = client.appendObject('b.log', 0, Buffer.from('hello'), { signal });

    await expect(waiting).rejects.toMatchObject({
      outcome: 'rejected',
      message: expect.stringMatching(/ got no connection within \d+ ms$/),
    });
    await first;
  });

  test('suspends the timeout of its caller while others are in flight', async () => {
    const { endpoint, server } = await startSlowServer(20);
    const dispatcher = new Agent({ connections: 1 });
    onTestFinished(() => dispatcher.destroy());
    const client = connect(dispatcher, endpoint);
    const calls: string[] = [];
    const timeout = {
      milliseconds: 60_000,
      suspend() {
        calls.push('suspend');
        return () => calls.push('resume');
      },
    };
    const first = append(client);
    await once(server, 'request');
    const second = client.appendObject('b.log', 0, Buffer.from('hello'), { timeout });
    expect(calls).toEqual(['suspend']);
    await Promise.all([first, second]);

    expect(calls).toEqual(['suspend', 'resume']);
  });

  test('ends at its timeout if the connection is never established', async () => {
    const server = createServer(() => {}).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const dispatcher = new Agent();
    onTestFinished(() => dispatcher.destroy());
    const { port } = server.address() as AddressInfo;
    const client = connect(dispatcher, `https://127.0.0.1:${port}`, 50);

    await expect(append(client)).rejects.toMatchObject({
      outcome: 'rejected',
      message: expect.stringMatching(/ got no connection within 5\d ms$/),
    });
  });

  test('ends at its timeout if the dispatcher never reports the end of the request before', async () => {
    const controller = { abort() {}, aborted: true } as unknown as Dispatcher.DispatchController;
    let isFirst = true;
    const dispatcher = {
      dispatch(_: unknown, handler: Dispatcher.DispatchHandler) {
        if (isFirst) handler.onRequestStart?.(controller, {});
        isFirst = false;
        return true;
      },
    } as unknown as Dispatcher;
    const client = connect(dispatcher, 'http://127.0.0.1:1', 20);
    const [first, second] = await Promise.allSettled([append(client), append(client)]);

    expect(first).toMatchObject({ reason: { outcome: 'unknown' } });
    expect(second).toMatchObject({ reason: { outcome: 'rejected' } });
  });

  test('is not sent if the dispatcher starts it after it was abandoned', async () => {
    const late = new Agent().compose((dispatch) => (options, handler) => {
      setTimeout(() => dispatch(options, handler), 40);
      return true;
    });
    onTestFinished(() => late.destroy());
    const { endpoint, requests } = await startSlowServer(1);
    const client = connect(late, endpoint, 20);
    await expect(append(client)).rejects.toMatchObject({ outcome: 'unknown' });
    await once(late, 'connect');
    await late.close();

    expect(requests).toEqual([]);
  });
});
