import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import { buildConnector, Pool } from 'undici';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { CredentialsError, OssRequestError } from '../../src/errors.js';
import { OssClient, type OssClientOptions } from '../../src/oss/oss-client.js';
import { closedPort } from '../helpers/closed-port.js';
import {
  answer,
  errorDocument,
  readBody,
  refuse,
  type Script,
  startScriptedServer,
} from './scripted-server.js';

const hello = Buffer.from('hello');

function createClient(endpoint: string, options: Partial<OssClientOptions> = {}): OssClient {
  const client = new OssClient({
    bucket: 'logs',
    region: 'cn-hangzhou',
    endpoint,
    credentials: { accessKeyId: 'ak', accessKeySecret: 'hunter2' },
    ...options,
  });
  onTestFinished(() => client.close());
  return client;
}

async function connect(script: Script, options: Partial<OssClientOptions> = {}) {
  const server = await startScriptedServer(script);
  onTestFinished(() => server[Symbol.asyncDispose]());
  return { server, client: createClient(server.endpoint, options) };
}

/** A server that handles raw sockets. */
async function listen(onConnection: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onConnection(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function failureOf(promise: Promise<unknown>): Promise<OssRequestError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(OssRequestError);
  expect(inspect(error, { showHidden: true, depth: 10 })).not.toMatch(/hunter2|Signature=/);
  return error as OssRequestError;
}

describe('a failed connection', () => {
  test('that is refused makes an append rejected', async () => {
    const port = await closedPort();
    const error = await failureOf(
      createClient(`http://127.0.0.1:${port}`).appendObject('a.log', 0, hello),
    );
    expect(error).toMatchObject({ outcome: 'rejected', cause: { syscall: 'connect' } });
    expect(error.message).toBe(
      `Cannot append 5 bytes to "a.log" at position 0: POST to http://127.0.0.1:${port} failed: connect ECONNREFUSED 127.0.0.1:${port}`,
    );
  });

  test('to a server without TLS makes an append rejected', async () => {
    const { server } = await connect(answer(200));
    const client = createClient(`https://127.0.0.1:${server.port}`);
    const error = await failureOf(client.appendObject('a.log', 0, hello));
    expect(error.outcome).toBe('rejected');
    expect(server.requests).toEqual([]);
  });

  test('that is reset after the request makes an append unknown', async () => {
    const { client, server } = await connect(async (_seen, response, request) => {
      await readBody(request);
      response.socket?.resetAndDestroy();
    });
    const error = await failureOf(client.appendObject('a.log', 0, hello));
    expect(error).toMatchObject({ outcome: 'unknown', answered: false });
    expect(server.requests).toHaveLength(1);
  });

  test('that ends within the answer makes an append unknown', async () => {
    const { client } = await connect((_seen, response) => {
      response.writeHead(200, {
        'x-oss-request-id': 'R',
        'x-oss-next-append-position': '5',
        'content-length': '100',
      });
      response.write('half', () => response.destroy());
    });
    const error = await failureOf(client.appendObject('a.log', 0, hello));
    expect(error).toMatchObject({ outcome: 'unknown', answered: false });
  });

  test('to a server without HTTP makes an append unknown', async () => {
    const endpoint = await listen((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
    const error = await failureOf(createClient(endpoint).appendObject('a.log', 0, hello));
    expect(error).toMatchObject({ outcome: 'unknown', answered: false });
  });
});

describe('an answer', () => {
  test('without OSS headers makes an append unknown', async () => {
    const { client } = await connect((_seen, response) => {
      response.end('<html>Sign in to the network</html>');
    });
    await expect(client.appendObject('a.log', 0, hello)).rejects.toMatchObject({
      outcome: 'unknown',
      answered: false,
      status: 200,
    });
    await expect(client.headObject('a.log')).rejects.toMatchObject({ outcome: 'unknown' });
  });

  test('that never ends is aborted', async () => {
    let socketClosed: Promise<unknown> = Promise.resolve();
    let written = 0;
    const { client } = await connect((seen, response) => {
      // Not with `once()`, which would reject because the connection is reset.
      socketClosed = new Promise((resolve) => seen.socket.on('close', resolve));
      response.writeHead(500, { 'x-oss-request-id': 'R' });
      const piece = Buffer.alloc(16 * 1024, 'x');
      const write = () => {
        while (!response.destroyed && written < 512 * 1024 * 1024) {
          written += piece.byteLength;
          if (!response.write(piece)) {
            response.once('drain', write);
            return;
          }
        }
      };
      write();
    });
    await expect(client.appendObject('a.log', 0, hello)).rejects.toMatchObject({
      outcome: 'unknown',
      answered: true,
      ossCode: undefined,
    });
    await socketClosed;
    expect(written).toBeLessThan(64 * 1024 * 1024);
  });

  test('after an interim answer counts', async () => {
    const { client } = await connect((_seen, response) => {
      response.writeEarlyHints({ link: '</a>; rel=preload' });
      response.writeHead(200, { 'x-oss-request-id': 'R', 'x-oss-next-append-position': '5' });
      response.end();
    });
    expect(await client.appendObject('a.log', 0, hello)).toMatchObject({ nextPosition: 5 });
  });

  test('that redirects is not followed', async () => {
    const { client, server } = await connect(
      answer(307, { location: 'http://127.0.0.1:1/elsewhere' }),
    );
    await expect(client.appendObject('a.log', 0, hello)).rejects.toMatchObject({
      outcome: 'fatal',
      status: 307,
    });
    expect(server.requests).toHaveLength(1);
  });
});

describe('an answer before the body was read', () => {
  const document = errorDocument('PositionNotEqualToLength');
  const conflict = (connection: string) =>
    `HTTP/1.1 409 Conflict\r\nx-oss-request-id: R\r\nx-oss-next-append-position: 9\r\nconnection: ${connection}\r\ncontent-length: ${document.length}\r\n\r\n${document}`;
  // More than the loopback buffers hold between two sockets.
  const bigBody = () => Buffer.alloc(32 * 1024 * 1024, 'a');

  test('counts if the server closes the connection after it', async () => {
    const endpoint = await listen((socket) => {
      socket.once('data', () => {
        socket.pause();
        socket.end(conflict('close'));
      });
    });
    const appending = createClient(endpoint).appendObject('a.log', 0, bigBody());
    await expect(appending).rejects.toMatchObject({ outcome: 'conflict', actualLength: 9 });
  });

  test('prevents the rest of the body from being sent later', async () => {
    let received = Buffer.alloc(0);
    let accepted: Socket | undefined;
    const endpoint = await listen((socket) => {
      accepted = socket;
      socket.once('data', () => {
        socket.pause();
        socket.write(conflict('keep-alive'));
      });
    });
    const body = bigBody();
    const appending = createClient(endpoint).appendObject('a.log', 0, body);
    await expect(appending).rejects.toMatchObject({ outcome: 'conflict', actualLength: 9 });

    body.fill('X');
    const pieces: Buffer[] = [];
    accepted?.on('data', (piece) => pieces.push(piece)).resume();
    await once(accepted as Socket, 'close');
    received = Buffer.concat(pieces);
    expect(received.length).toBeLessThan(body.length);
    expect(received.includes('X')).toBe(false);
  });

  test('keeps the connection if the whole body had been sent', async () => {
    const { client, server } = await connect(
      refuse(409, 'PositionNotEqualToLength', { headers: { 'x-oss-next-append-position': '9' } }),
    );
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(client.appendObject('a.log', 0, hello)).rejects.toMatchObject({
        outcome: 'conflict',
      });
    }
    expect(server.requests[0]?.socket).toBe(server.requests[1]?.socket);
  });
});

describe('requestTimeout', () => {
  test('ends a request without an answer as unknown', async () => {
    let closed: Promise<unknown> = Promise.resolve();
    const { client } = await connect(
      (seen) => {
        closed = once(seen.socket, 'close');
      },
      { requestTimeout: 50 },
    );
    const error = await failureOf(client.headObject('a.log'));
    expect(error).toMatchObject({ outcome: 'unknown', answered: false });
    expect(error.message).toMatch(/HEAD to .* got no answer within 50 ms$/);
    await closed;
  });

  test('ends an answer that arrives too slowly', async () => {
    const { client } = await connect(
      (_seen, response) => {
        response.writeHead(200, { 'x-oss-request-id': 'R', 'x-oss-next-append-position': '5' });
        const dripping = setInterval(() => response.write('x'), 5);
        response.on('close', () => clearInterval(dripping));
      },
      { requestTimeout: 50 },
    );
    const error = await failureOf(client.appendObject('a.log', 0, new Uint8Array()));
    expect(error).toMatchObject({ outcome: 'unknown', answered: false });
  });

  test('is extended by the time to send the body at 32 KiB/s', async () => {
    const { client } = await connect(
      async (seen, response, request) => {
        await delay(200);
        await answer(200, { 'x-oss-next-append-position': '32768' })(seen, response, request);
      },
      { requestTimeout: 50 },
    );
    expect(await client.appendObject('a.log', 0, Buffer.alloc(32 * 1024))).toMatchObject({
      nextPosition: 32_768,
    });
  });

  test('ends a request that never got a connection as rejected, and it is not sent later', async () => {
    const { server } = await connect(answer(200, { 'content-length': '0' }));
    const connectTo = buildConnector({});
    let proceed = () => {};
    const dispatcher = new Pool(server.endpoint, {
      connections: 1,
      connect: (options, callback) => {
        proceed = () => connectTo(options, callback);
      },
    });
    onTestFinished(() => dispatcher.destroy());
    const client = createClient(server.endpoint, { dispatcher, requestTimeout: 50 });
    const error = await failureOf(client.headObject('late.log'));
    expect(error.outcome).toBe('rejected');
    expect(error.message).toMatch(/got no connection within 50 ms$/);

    const next = createClient(server.endpoint, { dispatcher }).headObject('next.log');
    proceed();
    // The connection of the first request was destroyed, so a new one may be needed.
    const again = setInterval(() => proceed(), 20);
    onTestFinished(() => clearInterval(again));
    await next;
    expect(server.requests.map(({ url }) => url)).toEqual(['/logs/next.log']);
  });

  test('limits the wait for a provider of credentials that hangs', async () => {
    const provider = vi.fn(() => new Promise<never>(() => {}));
    const { client, server } = await connect(answer(200), {
      credentials: provider,
      requestTimeout: 30,
    });
    for (let attempt = 1; attempt <= 2; attempt++) {
      const appending = client.appendObject('a.log', 0, new Uint8Array());
      await expect(appending).rejects.toBeInstanceOf(CredentialsError);
      await expect(appending).rejects.toMatchObject({ outcome: 'fatal' });
      expect(provider).toHaveBeenCalledTimes(attempt);
    }
    expect(server.requests).toEqual([]);
  });
});

describe('signal', () => {
  test('aborts a request in flight as unknown', async () => {
    const controller = new AbortController();
    const { client } = await connect(() => controller.abort(new Error('enough')));
    const error = await failureOf(
      client.appendObject('a.log', 0, hello, { signal: controller.signal }),
    );
    expect(error).toMatchObject({ name: 'AbortError', outcome: 'unknown', answered: false });
    expect(error.cause).toEqual(new Error('enough'));
  });

  test('that has already aborted prevents the request from starting', async () => {
    const provider = vi.fn(() => ({ accessKeyId: 'ak', accessKeySecret: 'hunter2' }));
    const { client, server } = await connect(answer(200), { credentials: provider });
    const error = await failureOf(
      client.appendObject('a.log', 0, hello, { signal: AbortSignal.abort() }),
    );
    expect(error).toMatchObject({ name: 'AbortError', outcome: 'rejected' });
    expect(provider).not.toHaveBeenCalled();
    expect(server.requests).toEqual([]);
  });

  test('aborts the wait for credentials as rejected', async () => {
    const controller = new AbortController();
    const { client, server } = await connect(answer(200), {
      credentials: () => new Promise<never>(() => controller.abort()),
    });
    const error = await failureOf(
      client.appendObject('a.log', 0, hello, { signal: controller.signal }),
    );
    expect(error).toMatchObject({ name: 'AbortError', outcome: 'rejected' });
    expect(server.requests).toEqual([]);
  });
});

test('a closed client refuses requests with fatal', async () => {
  const { client, server } = await connect(answer(200));
  await client.close();
  await client.close();
  const error = await failureOf(client.appendObject('a.log', 0, hello));
  expect(error).toMatchObject({ outcome: 'fatal' });
  expect(server.requests).toEqual([]);
});
