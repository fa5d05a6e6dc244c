import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../../../src/emulator/index.js';
import { AppendWritable, OssClient, type OssClientOptions } from '../../../src/index.js';
import { resolveProxies } from '../../../src/oss/connections/proxies.js';
import { shareConnections } from '../../../src/oss/connections/shared-connections.js';
import { closedPort } from '../../helpers/closed-port.js';
import { type ForwardProxy, startForwardProxy } from '../../helpers/forward-proxy.js';
import { startTlsRelay, type TlsRelay } from '../../helpers/tls-relay.js';

const bucket = 'examplebucket';
const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'];

let emulator: Emulator;
let relay: TlsRelay;
let proxy: ForwardProxy;
beforeEach(async () => {
  for (const name of names) {
    vi.stubEnv(name, undefined);
    vi.stubEnv(name.toLowerCase(), undefined);
  }
  // The relay's certificate is self-signed.
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
  emulator = await startEmulator();
  relay = await startTlsRelay(emulator.endpoint);
  proxy = await startForwardProxy();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await proxy[Symbol.asyncDispose]();
  await relay[Symbol.asyncDispose]();
  await emulator.close();
});

/** Both kinds of endpoint. */
const endpoints = [
  ['http', () => emulator.endpoint],
  ['https', () => relay.endpoint],
] as const;

function optionsFor(endpoint: string, options: Partial<OssClientOptions> = {}) {
  const { region, credentials } = emulator;
  return { bucket, region, credentials, endpoint, proxy: proxy.url, ...options };
}

function createClient(endpoint: string, options: Partial<OssClientOptions> = {}): OssClient {
  const client = new OssClient(optionsFor(endpoint, options));
  onTestFinished(() => client.close());
  return client;
}

/** Everything that printing could reveal, including hidden properties and causes. */
function shown(value: unknown): string {
  return inspect(value, { depth: 20, showHidden: true }) + JSON.stringify(value);
}

async function failureOf(promise: Promise<unknown>): Promise<Error> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error)) return expect.unreachable('it has not failed');
  return error;
}

describe.each(endpoints)('to an %s endpoint', (scheme, endpointOf) => {
  const method = scheme === 'https' ? 'CONNECT' : 'POST';

  test('every byte is appended once although an answer and a request are lost', async () => {
    emulator.faults.add({ kind: 'drop-answer', operation: 'append', nth: 2 });
    emulator.faults.add({ kind: 'drop-request', operation: 'append', nth: 4 });
    const stream = new AppendWritable({
      ...optionsFor(endpointOf()),
      key: 'a.log',
      chunkSize: 1000,
      retry: { minTimeout: 0 },
    });
    for (let index = 0; index < 10; index++) await stream.append(`${index}`.repeat(1000));
    await new Promise((resolve) => stream.end(resolve));

    const expected = Array.from({ length: 10 }, (_, index) => `${index}`.repeat(1000)).join('');
    expect(String(await emulator.read(bucket, 'a.log'))).toBe(expected);
    expect(emulator.requests.filter(({ fault }) => fault !== undefined)).toHaveLength(2);
    expect(proxy.requests.map((request) => request.method)).toContain(method);
  });

  test('all requests go through the proxy, on reused connections', async () => {
    const client = createClient(endpointOf());
    await client.appendObject('a.log', 0, Buffer.from('hello'));
    const clients = [...proxy.clients];
    await client.headObject('a.log');
    const stream = await client.getObject('a.log', { start: 1, end: 3 });
    expect(String(await buffer(stream))).toBe('el');
    await client.appendObject('a.log', 5, Buffer.from('world'));

    expect(clients).toHaveLength(1);
    expect([...proxy.clients]).toEqual(clients);
    const { host } = new URL(endpointOf());
    const asked = proxy.requests.map((request) => `${request.method} ${request.target}`);
    const url = `http://${host}/examplebucket/a.log`;
    expect(asked).toEqual(
      scheme === 'https'
        ? [`CONNECT ${host}`]
        : [
            `POST ${url}?append&position=0`,
            `HEAD ${url}`,
            `GET ${url}`,
            `POST ${url}?append&position=5`,
          ],
    );
    expect(relay.count).toBe(scheme === 'https' ? 1 : 0);
  });

  test('close() closes the connections', async () => {
    const client = createClient(endpointOf());
    await client.headObject('a.log');
    const closed = [...proxy.clients].map((socket) => once(socket, 'close'));
    expect(closed).toHaveLength(1);
    await Promise.all([client.close(), ...closed]);
    expect(proxy.clients.size).toBe(0);
  });

  test('the proxy gets the decoded user and password, which appear in no error or inspection', async () => {
    await using strict = await startForwardProxy('user:do not@show:me');
    const address = `user:do%20not%40show%3Ame@${strict.address}`;
    const client = createClient(endpointOf(), { proxy: `http://${address}` });
    await client.headObject('a.log');
    strict.refusal = 502;
    for (const socket of strict.clients) socket.destroy();
    const error = await failureOf(client.appendObject('a.log', 0, Buffer.from('a')));

    expect(strict.requests.map(({ credentials }) => credentials)).toContain('user:do not@show:me');
    expect(shown(client) + shown(error)).not.toMatch(/show|dXNlcjpkby/);
    expect(error.message).toContain(strict.address);
  });

  // undici then uses a tunnel to both kinds of endpoint.
  test('a proxy with TLS is asked for a tunnel', async () => {
    await using strict = await startForwardProxy('user:secret');
    await using secure = await startTlsRelay(strict.url);
    const { host } = new URL(secure.endpoint);
    const client = createClient(endpointOf(), { proxy: `https://user:secret@${host}` });
    await client.appendObject('a.log', 0, Buffer.from('hello'));
    await client.headObject('a.log');
    strict.refusal = 502;
    for (const socket of strict.clients) socket.destroy();
    await client.headObject('a.log').catch(() => {});
    const error = await failureOf(client.appendObject('a.log', 5, Buffer.from('a')));

    const tunnel = {
      method: 'CONNECT',
      target: new URL(endpointOf()).host,
      credentials: 'user:secret',
    };
    expect(strict.requests[0]).toEqual(tunnel);
    expect(error).toMatchObject({ outcome: 'rejected' });
    expect(error.message).toContain(`through the proxy at ${host} failed: it answered 502`);
    expect(String(await emulator.read(bucket, 'a.log'))).toBe('hello');
  });

  test('the error names an unreachable proxy, and nothing was sent', async () => {
    const address = `127.0.0.1:${await closedPort()}`;
    const client = createClient(endpointOf(), { proxy: `http://user:secret@${address}` });
    const error = await failureOf(client.appendObject('a.log', 0, Buffer.from('a')));

    expect(error).toMatchObject({ outcome: 'rejected' });
    expect(error.message).toBe(
      `Cannot append 1 bytes to "a.log" at position 0: POST to ${endpointOf()} through the proxy at ${address} failed: connect ECONNREFUSED ${address}`,
    );
    expect(shown(error)).not.toContain('secret');
  });

  test('requests beyond the maximum of connections wait, with their timeouts suspended', async () => {
    const proxies = resolveProxies('test', proxy.url);
    const { release } = shareConnections(endpointOf(), 1, proxies);
    onTestFinished(() => release());
    emulator.faults.add({ kind: 'delay', delay: 600, times: 2 });
    const client = createClient(endpointOf(), { requestTimeout: 1100 });
    const states = await Promise.all(['a', 'b', 'c'].map((key) => client.headObject(key)));

    expect(states).toEqual([undefined, undefined, undefined]);
    expect(proxy.clients.size).toBe(1);
  });

  test('a failed reuse makes the client drop its other idle connections', async () => {
    const client = createClient(endpointOf());
    await Promise.all(['a', 'b', 'c'].map((key) => client.headObject(key)));
    expect(proxy.clients.size).toBe(3);
    emulator.faults.add({ kind: 'drop-request', times: 1 });
    await expect(client.headObject('a')).rejects.toThrow();
    await expect.poll(() => proxy.clients.size, { interval: 1 }).toBe(0);

    await expect(client.headObject('a')).resolves.toBeUndefined();
  });
});

describe('a proxy that refuses a tunnel', () => {
  test.each([
    [407, ': check its user and password'],
    [502, ''],
    [503, ''],
    [403, ''],
    [204, ''],
  ])(
    'with %d makes an append fail as rejected with an error that names the proxy',
    async (status, advice) => {
      proxy.refusal = status;
      const error = await failureOf(
        createClient(relay.endpoint).appendObject('a.log', 0, Buffer.from('a')),
      );

      expect(error).toMatchObject({ name: 'OssRequestError', outcome: 'rejected' });
      expect(error.message).toBe(
        `Cannot append 1 bytes to "a.log" at position 0: POST to ${relay.endpoint} through the proxy at ${proxy.address} failed: it answered ${status} to CONNECT${advice}`,
      );
      await expect.poll(() => proxy.clients.size, { interval: 1 }).toBe(0);
    },
  );

  test('is asked again until retries end, and the bytes are certainly not in the object', async () => {
    const stream = new AppendWritable({
      ...optionsFor(relay.endpoint),
      key: 'a.log',
      flushInterval: 0,
      retry: { retries: 2, minTimeout: 0 },
    });
    await once(stream, 'ready');
    stream.on('error', () => {});
    proxy.refusal = 407;
    for (const socket of proxy.clients) socket.destroy();
    // The first request reuses the tunnel that was cut.
    await failureOf(createClient(relay.endpoint).headObject('a.log'));
    const error = await failureOf(stream.append('a'));

    expect(error).toMatchObject({ code: 'APPEND_ERR_RETRIES_EXHAUSTED' });
    expect(error.message).toContain(`the proxy at ${proxy.address}`);
    expect(stream.takeUncommitted()).toMatchObject({ confirmed: true });
  });

  test('and accepts the next one causes one retry and no loss', async () => {
    proxy.refusal = 503;
    const stream = new AppendWritable({
      ...optionsFor(relay.endpoint),
      key: 'a.log',
      flushInterval: 0,
      retry: { minTimeout: 0 },
    });
    stream.on('retry', () => {
      proxy.refusal = undefined;
    });
    await stream.append('hello');
    await new Promise((resolve) => stream.end(resolve));

    expect(String(await emulator.read(bucket, 'a.log'))).toBe('hello');
    expect(stream.stats.retries).toBe(1);
  });

  test('by not answering makes the request time out', async () => {
    await using mute = await startMute();
    const client = createClient(relay.endpoint, { proxy: mute.url, requestTimeout: 100 });
    const error = await failureOf(client.appendObject('a.log', 0, Buffer.from('a')));

    expect(error).toMatchObject({ outcome: 'rejected' });
    expect(error.message).toContain(
      `through the proxy at ${mute.address} got no connection within`,
    );
  });
});

// tinyproxy 1.11.1 does so, although it answers with HTTP/1.1 and without `Connection: close`.
test('a proxy that closes each connection after its answer costs one retry', async () => {
  proxy.servesOnce = true;
  const stream = new AppendWritable({
    ...optionsFor(emulator.endpoint),
    key: 'a.log',
    chunkSize: 10,
    retry: { minTimeout: 0 },
  });
  for (let index = 0; index < 20; index++) await stream.append('0123456789');
  await new Promise((resolve) => stream.end(resolve));

  expect(String(await emulator.read(bucket, 'a.log'))).toBe('0123456789'.repeat(20));
  expect(stream.stats.attempts).toBeLessThanOrEqual(stream.stats.appends + 1);
});

describe("a proxy's own answer to a request", () => {
  test.each([502, 503])(
    'with %d is not taken for an answer of OSS, and the error names the proxy',
    async (status) => {
      proxy.refusal = status;
      const client = createClient(emulator.endpoint);
      const error = await failureOf(client.appendObject('a.log', 0, Buffer.from('a')));

      expect(error).toMatchObject({ name: 'OssServiceError', outcome: 'unknown', answered: false });
      expect(error.message).toBe(
        `Cannot append 1 bytes to "a.log" at position 0: something other than OSS, perhaps the proxy at ${proxy.address}, answered ${status}`,
      );
    },
  );

  test('with 407 is not taken for an answer of OSS, and the error names the proxy', async () => {
    proxy.refusal = 407;
    const client = createClient(emulator.endpoint);
    const error = await failureOf(client.appendObject('a.log', 0, Buffer.from('a')));

    expect(error).toMatchObject({ outcome: 'unknown', answered: false });
    expect(error.message).toMatch(/through the proxy at 127\.0\.0\.1:\d+ failed: .+407/);
    expect(error.message).toContain(proxy.address);

    proxy.refusal = undefined;
    await expect(client.headObject('a.log')).resolves.toBeUndefined();
  });
});

describe("'environment'", () => {
  test.each(['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy'])(
    'uses the proxy in %s',
    async (name) => {
      vi.stubEnv(name, proxy.url);
      const isSecure = name.toLowerCase() === 'https_proxy';
      const client = createClient(isSecure ? relay.endpoint : emulator.endpoint, {
        proxy: 'environment',
      });
      await client.headObject('a.log');

      expect(proxy.requests.map(({ method }) => method)).toEqual([isSecure ? 'CONNECT' : 'HEAD']);
    },
  );

  test.each(['127.0.0.1', 'a.example, 127.0.0.1', '*'])(
    'connects directly with NO_PROXY=%s',
    async (none) => {
      vi.stubEnv('HTTP_PROXY', proxy.url);
      vi.stubEnv('HTTPS_PROXY', proxy.url);
      vi.stubEnv('NO_PROXY', none);
      for (const [, endpointOf] of endpoints) {
        await createClient(endpointOf(), { proxy: 'environment' }).headObject('a.log');
      }
      expect(proxy.requests).toEqual([]);
      expect(emulator.requests).toHaveLength(2);
    },
  );

  test('names no proxy in errors of a direct connection', async () => {
    vi.stubEnv('HTTP_PROXY', proxy.url);
    vi.stubEnv('NO_PROXY', '127.0.0.1');
    const port = await closedPort();
    const client = createClient(`http://127.0.0.1:${port}`, { proxy: 'environment' });
    const error = await failureOf(client.headObject('a.log'));
    expect(error.message).not.toContain('proxy');
  });
});

test('clients of one origin share connections only if they use the same proxy', async () => {
  await using other = await startForwardProxy();
  const clients = [
    createClient(emulator.endpoint),
    createClient(emulator.endpoint),
    createClient(emulator.endpoint, { proxy: other.url }),
    createClient(emulator.endpoint, { proxy: undefined }),
  ];
  for (const client of clients) await client.headObject('a.log');

  expect([proxy.clients.size, other.clients.size]).toEqual([1, 1]);
  expect([proxy.requests.length, other.requests.length]).toEqual([2, 1]);
  expect(emulator.requests).toHaveLength(4);
});

/** A server that accepts connections and never answers. */
async function startMute() {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `127.0.0.1:${Reflect.get(server.address() as object, 'port')}`;
  return {
    address,
    url: `http://${address}`,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
