import {
  Agent,
  type Dispatcher,
  errors,
  interceptors,
  MockAgent,
  ProxyAgent,
  RetryAgent,
} from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { OssClient } from '../../../src/index.js';
import { closedPort } from '../../helpers/closed-port.js';
import { answer, startScriptedServer } from '../scripted-server.js';

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

/** The part of a dispatcher that the client uses. */
function handmade(dispatch: Dispatcher['dispatch']): Dispatcher {
  return { dispatch } as Dispatcher;
}

const append = (client: OssClient) => client.appendObject('a.log', 0, Buffer.from('hello'));

async function startServer() {
  const server = await startScriptedServer(appended);
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}

describe('a dispatcher that its owner closed or destroyed', () => {
  const kinds = [
    { kind: 'an Agent', create: () => new Agent() },
    { kind: 'a composed Agent', create: () => new Agent().compose(interceptors.dump()) },
    { kind: 'a ProxyAgent', create: () => new ProxyAgent('http://127.0.0.1:1') },
  ];

  test.each(kinds)(
    'makes an append fail with fatal after it was closed: $kind',
    async ({ create }) => {
      const dispatcher = create();
      await dispatcher.close();

      await expect(append(connect(dispatcher, 'http://127.0.0.1:1'))).rejects.toMatchObject({
        outcome: 'fatal',
        cause: { code: 'UND_ERR_DESTROYED' },
        message: expect.stringMatching(
          / failed: the dispatcher is closed: The client is destroyed$/,
        ),
      });
    },
  );

  test.each(kinds)('makes an append fail with fatal while it closes: $kind', async ({ create }) => {
    const dispatcher = create();
    const closing = dispatcher.close();

    await expect(append(connect(dispatcher, 'http://127.0.0.1:1'))).rejects.toMatchObject({
      outcome: 'fatal',
    });
    await closing;
  });

  test('has not sent a request that was waiting for a connection', async () => {
    const { server, endpoint, requests } = await startServer();
    const dispatcher = new Agent({ connections: 1 });
    server.prependListener('request', () => void dispatcher.destroy());
    const client = connect(dispatcher, endpoint);
    const [first, second] = await Promise.allSettled([append(client), append(client)]);

    expect(first).toMatchObject({ reason: { outcome: 'unknown', answered: false } });
    expect(second).toMatchObject({ reason: { outcome: 'fatal' } });
    expect(requests).toHaveLength(1);
  });
});

describe('a dispatcher that fails before it starts a request', () => {
  const boom = () => {
    throw new Error('boom');
  };

  test.each([
    { scenario: 'throws', dispatcher: handmade(boom) },
    { scenario: 'has an interceptor that throws', dispatcher: new Agent().compose(() => boom) },
    {
      scenario: 'reports an error at once',
      dispatcher: new Agent({
        connect: (_options, callback) => callback(new Error('boom'), null),
      }),
    },
    {
      scenario: 'reports an error later',
      dispatcher: new Agent({
        connect: (_options, callback) => setImmediate(callback, new Error('boom'), null),
      }),
    },
  ])('has sent nothing, and the append is rejected, if it $scenario', async ({ dispatcher }) => {
    await expect(append(connect(dispatcher, 'http://127.0.0.1:1'))).rejects.toMatchObject({
      outcome: 'rejected',
      cause: { message: 'boom' },
    });
  });

  test('makes an append fail with fatal if it is a mock without a matching answer', async () => {
    const dispatcher = new MockAgent();
    dispatcher.disableNetConnect();
    onTestFinished(() => dispatcher.close());
    dispatcher.get('http://127.0.0.1:1');

    await expect(append(connect(dispatcher, 'http://127.0.0.1:1'))).rejects.toMatchObject({
      outcome: 'fatal',
      cause: { code: 'UND_MOCK_ERR_MOCK_NOT_MATCHED' },
    });
  });
});

describe('a dispatcher that does not call onRequestStart', () => {
  const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
  const controller = {} as Dispatcher.DispatchController;
  const none = undefined as unknown as Dispatcher.DispatchController;

  test.each([
    {
      scenario: 'an error with a controller',
      fail: (handler: Dispatcher.DispatchHandler) => handler.onResponseError?.(controller, reset),
    },
    {
      scenario: 'an error without one',
      fail: (handler: Dispatcher.DispatchHandler) => handler.onResponseError?.(none, reset),
    },
    {
      scenario: 'an error of undici about another destroyed client',
      fail: (handler: Dispatcher.DispatchHandler) =>
        handler.onResponseError?.(none, new errors.ClientDestroyedError()),
    },
    {
      scenario: 'an error after the head of an answer',
      fail: (handler: Dispatcher.DispatchHandler) => {
        handler.onResponseStart?.(none, 200, {}, 'OK');
        handler.onResponseError?.(none, reset);
      },
    },
  ])('leaves open whether the request was sent: $scenario', async ({ fail }) => {
    let sent: unknown;
    const dispatcher = handmade(({ body }, handler) => {
      sent = body;
      setImmediate(fail, handler);
      return true;
    });

    await expect(append(connect(dispatcher, 'http://127.0.0.1:1'))).rejects.toMatchObject({
      outcome: 'unknown',
      answered: false,
    });
    expect(String(sent)).toBe('hello');
  });

  test('leaves open whether the request was sent if it throws after reading the body', async () => {
    const dispatcher = handmade(({ body }) => {
      throw new TypeError(`handler.onConnect is not a function, and ${body} is on its way`);
    });

    await expect(append(connect(dispatcher, 'http://127.0.0.1:1'))).rejects.toMatchObject({
      outcome: 'unknown',
      answered: false,
    });
  });

  test('leaves open whether a request that timed out was sent', async () => {
    const dispatcher = handmade(({ body }) => body !== null);
    const client = connect(dispatcher, 'http://127.0.0.1:1', 20);

    await expect(append(client)).rejects.toMatchObject({
      outcome: 'unknown',
      answered: false,
      message: expect.stringMatching(
        / got no connection within \d+ ms, as far as its dispatcher reports$/,
      ),
    });
  });

  test('leaves open whether an aborted request was sent', async () => {
    const controller = new AbortController();
    const dispatcher = handmade(({ body }) => {
      setImmediate(() => controller.abort());
      return body !== null;
    });
    const { signal } = controller;
    const appending = connect(dispatcher, 'http://127.0.0.1:1').appendObject(
      ...(['a.log', 0, Buffer.from('hello'), { signal }] as const),
    );

    await expect(appending).rejects.toMatchObject({ name: 'AbortError', outcome: 'unknown' });
  });

  test('can answer a request, and is not trusted from then on', async () => {
    let isSilent = false;
    const dispatcher = handmade(({ body }, handler) => {
      const isLast = isSilent;
      setImmediate(() => {
        if (isLast) {
          handler.onResponseError?.(none, reset);
          return;
        }
        handler.onResponseStart?.(controller, 200, {
          'x-oss-request-id': 'R',
          'x-oss-next-append-position': String(body).length.toString(),
        });
        handler.onResponseEnd?.(controller, {});
      });
      return true;
    });
    const client = connect(dispatcher, 'http://127.0.0.1:1');
    await expect(append(client)).resolves.toMatchObject({ nextPosition: 5 });
    isSilent = true;
    await expect(append(client)).rejects.toMatchObject({ outcome: 'unknown' });
  });

  test('has sent nothing if the connection was refused', async () => {
    const endpoint = `http://127.0.0.1:${await closedPort()}`;
    const silent = new Agent().compose(
      (dispatch) => (options, handler) =>
        dispatch(options, {
          onRequestStart() {},
          onResponseError: (_, error) => handler.onResponseError?.(none, error),
        }),
    );

    await expect(append(connect(silent, endpoint))).rejects.toMatchObject({ outcome: 'rejected' });
  });
});

test('a dispatcher that retries and is then closed leaves open whether its first attempt was sent', async () => {
  const { server, endpoint } = await startServer();
  server.prependListener('request', ({ socket }) => socket.destroy());
  const inner = new Agent();
  const dispatcher = new RetryAgent(inner, { methods: ['POST'], minTimeout: 1 });
  server.once('request', () => void inner.destroy());

  await expect(append(connect(dispatcher, endpoint))).rejects.toMatchObject({ outcome: 'unknown' });
});
