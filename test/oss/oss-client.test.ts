import { buffer, text } from 'node:stream/consumers';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../../src/emulator/index.js';
import { OssClient, type OssClientOptions } from '../../src/oss/oss-client.js';
import { answer, refuse, type Script, startScriptedServer } from './scripted-server.js';

const credentials = { accessKeyId: 'ak', accessKeySecret: 'sk' };

function createClient(endpoint: string, options: Partial<OssClientOptions> = {}): OssClient {
  const client = new OssClient({
    bucket: 'logs',
    region: 'cn-hangzhou',
    endpoint,
    credentials,
    ...options,
  });
  onTestFinished(() => client.close());
  return client;
}

async function connect(...scripts: Script[]) {
  const server = await startScriptedServer(...scripts);
  onTestFinished(() => server[Symbol.asyncDispose]());
  return { server, client: createClient(server.endpoint) };
}

const appended = answer(200, {
  'x-oss-next-append-position': '5',
  'x-oss-hash-crc64ecma': '11177612005948864433',
});

describe('appendObject()', () => {
  test('sends one signed POST and resolves with the receipt', async () => {
    const { server, client } = await connect(appended);

    expect(await client.appendObject('a.log', 0, Buffer.from('hello'))).toEqual({
      nextPosition: 5,
      crc64: 11_177_612_005_948_864_433n,
      requestId: '5C3D9175B6FC201293AD4890',
    });

    const [seen] = server.requests;
    expect(seen).toMatchObject({ method: 'POST', url: '/logs/a.log?append&position=0' });
    expect(String(seen?.body)).toBe('hello');
    expect(seen?.headers).toEqual({
      host: `127.0.0.1:${server.port}`,
      connection: 'keep-alive',
      'content-length': '5',
      'x-oss-content-sha256': 'UNSIGNED-PAYLOAD',
      'x-oss-date': expect.stringMatching(/^\d{8}T\d{6}Z$/),
      date: expect.stringMatching(/ GMT$/),
      authorization: expect.stringMatching(
        /^OSS4-HMAC-SHA256 Credential=ak\/\d{8}\/cn-hangzhou\/oss\/aliyun_v4_request,Signature=[\da-f]{64}$/,
      ),
    });
  });

  test('sends an empty body with its length', async () => {
    const { server, client } = await connect(appended);
    await client.appendObject('a.log', 5, new Uint8Array());
    expect(server.requests[0]?.headers['content-length']).toBe('0');
  });

  test('sends only the viewed part of a buffer', async () => {
    const { server, client } = await connect(appended);
    await client.appendObject('a.log', 0, Buffer.from('--hello--').subarray(2, 7));
    expect(String(server.requests[0]?.body)).toBe('hello');
  });

  test('sends creation headers, the headers of any request, and the security token', async () => {
    const { server } = await connect(appended);
    const client = createClient(server.endpoint, {
      credentials: { ...credentials, securityToken: 'token' },
    });
    await client.appendObject('a.log', 0, Buffer.from('hello'), {
      create: { contentType: 'text/plain', metadata: { author: 'alice' } },
      requestPayer: 'requester',
      trafficLimit: 819_200,
    });
    expect(server.requests[0]?.headers).toMatchObject({
      'content-type': 'text/plain',
      'x-oss-meta-author': 'alice',
      'x-oss-request-payer': 'requester',
      'x-oss-traffic-limit': '819200',
      'x-oss-security-token': 'token',
    });
  });

  test('calls the dispatcher before it returns, with a copy of the body', async () => {
    const dispatch = vi.fn((_options: Dispatcher.DispatchOptions) => true);
    const client = createClient('http://127.0.0.1:1', {
      dispatcher: { dispatch } as unknown as Dispatcher,
    });
    const body = Buffer.from('hello');
    const controller = new AbortController();
    const appending = client.appendObject('a.log', 0, body, { signal: controller.signal });
    expect(dispatch).toHaveBeenCalledOnce();
    const sent = dispatch.mock.calls[0]?.[0].body;
    body.fill('X');
    expect(String(sent)).toBe('hello');
    controller.abort();
    // Nothing shows that this dispatcher calls `onRequestStart`.
    await expect(appending).rejects.toMatchObject({ name: 'AbortError', outcome: 'unknown' });
  });

  test.each([
    { scenario: 'an invalid key', call: (client: OssClient) => client.appendObject('/a', 0, body) },
    {
      scenario: 'an invalid position',
      call: (client: OssClient) => client.appendObject('a', -1, body),
    },
    {
      scenario: 'a header with a line break',
      call: (client: OssClient) =>
        client.appendObject('a', 0, body, { create: { metadata: { a: 'x\r\ny: z' } } }),
    },
    { scenario: 'an invalid key in HEAD', call: (client: OssClient) => client.headObject('') },
    {
      scenario: 'an invalid range',
      call: (client: OssClient) => client.getObject('a', { start: -1 }),
    },
    {
      scenario: 'an invalid position in a seal',
      call: (client: OssClient) => client.sealAppendObject('a', 0.5),
    },
  ])('rejects $scenario before anything is sent', async ({ call }) => {
    const { server, client } = await connect(appended);
    await expect(call(client)).rejects.toThrow(/must/);
    expect(server.requests).toEqual([]);
  });
});

const body = Buffer.from('hello');

describe('the raw path', () => {
  test.each([
    'a b+c.log',
    '100%.log',
    '%2e%2e/%2F',
    'a?b=c&d#e',
    'é/日本/😀.log',
    'a/../b/./c',
    '../../etc/passwd',
    '..',
    '.',
    'a//b///',
    "!'()*;:@&=$,[]~",
    'a\\b',
    'http://evil.com/a',
    'a\r\nHost: evil.com',
  ])('contains the key %j unchanged but for percent-encoding', async (key) => {
    const { server, client } = await connect(appended, answer(200, { 'content-length': '0' }));
    await client.appendObject(key, 0, body);
    await client.headObject(key);

    const [append, head] = server.requests.map(({ url }) => url);
    expect(append).toMatch(/^\/logs\/[\w.~%/-]+\?append&position=0$/);
    expect(decodeURIComponent(append?.split('?')[0] ?? '')).toBe(`/logs/${key}`);
    expect(decodeURIComponent(head ?? '')).toBe(`/logs/${key}`);
  });
});

describe('the host', () => {
  test.each([
    {
      scenario: 'virtual',
      options: { endpoint: 'http://oss.example.com' },
      host: 'logs.oss.example.com',
      url: '/a.log',
    },
    {
      scenario: 'virtual, with a port',
      options: { endpoint: 'http://oss.example.com:8080' },
      host: 'logs.oss.example.com:8080',
      url: '/a.log',
    },
    {
      scenario: 'path',
      options: { endpoint: 'http://oss.example.com', addressing: 'path' as const },
      host: 'oss.example.com',
      url: '/logs/a.log',
    },
    {
      scenario: 'cname',
      options: { endpoint: 'http://logs.example.com', addressing: 'cname' as const },
      host: 'logs.example.com',
      url: '/a.log',
    },
  ])('and the path match the addressing: $scenario', async ({ options, host, url }) => {
    const { server } = await connect(answer(200, { 'content-length': '0' }));
    const connectTo = buildConnector({});
    const dispatcher = new Agent({
      connect: (target, callback) =>
        connectTo({ ...target, hostname: '127.0.0.1', port: String(server.port) }, callback),
    });
    onTestFinished(() => dispatcher.destroy());
    await createClient(options.endpoint, { ...options, dispatcher }).headObject('a.log');
    expect(server.requests[0]).toMatchObject({ url, headers: { host } });
  });
});

describe('headObject()', () => {
  test('resolves with the state of the object', async () => {
    const { client, server } = await connect(
      answer(200, {
        'content-length': '344606',
        'x-oss-object-type': 'Appendable',
        'x-oss-next-append-position': '344606',
      }),
    );
    expect(await client.headObject('a.log')).toMatchObject({ length: 344_606, appendable: true });
    expect(server.requests[0]?.headers).not.toHaveProperty('content-length');
  });

  test.each([
    { status: 404, code: 'NoSuchKey', expected: undefined },
    { status: 404, code: 'NoSuchBucket', expected: { outcome: 'fatal', ossCode: 'NoSuchBucket' } },
    { status: 403, code: 'AccessDenied', expected: { outcome: 'forbidden', status: 403 } },
  ])(
    'reads the error document of $status $code from x-oss-err',
    async ({ status, code, expected }) => {
      const document = `<Error><Code>${code}</Code></Error>`;
      const { client } = await connect(
        answer(status, { 'x-oss-err': Buffer.from(document).toString('base64') }),
      );
      const result = client.headObject('a.log');
      if (expected === undefined) expect(await result).toBeUndefined();
      else await expect(result).rejects.toMatchObject(expected);
    },
  );

  test('keeps the connection', async () => {
    const { client, server } = await connect(answer(200, { 'content-length': '7' }));
    await client.headObject('a.log');
    await client.headObject('a.log');
    expect(server.requests).toHaveLength(2);
    expect(server.requests[0]?.socket).toBe(server.requests[1]?.socket);
  });
});

describe('sealAppendObject()', () => {
  test('sends an empty POST', async () => {
    const { client, server } = await connect(
      answer(200, { 'x-oss-sealed-time': 'Thu, 01 Jan 2026 00:00:00 GMT' }),
    );
    expect(await client.sealAppendObject('a.log', 5)).toBeUndefined();
    expect(server.requests[0]).toMatchObject({
      method: 'POST',
      url: '/logs/a.log?position=5&seal',
      headers: { 'content-length': '0' },
    });
  });

  test('does not wait for a body that OSS announces and does not send', async () => {
    const { client } = await connect((_seen, response) => {
      response.writeHead(200, { 'x-oss-request-id': 'R', 'content-length': '344606' });
      response.flushHeaders();
    });
    expect(await client.sealAppendObject('a.log', 5)).toBeUndefined();
  });

  test('fails with a conflict if the object has another length', async () => {
    const { client } = await connect(
      refuse(409, 'PositionNotEqualToLength', { headers: { 'x-oss-next-append-position': '9' } }),
    );
    await expect(client.sealAppendObject('a.log', 5)).rejects.toMatchObject({
      outcome: 'conflict',
      actualLength: 9,
      message: expect.stringMatching(/^Cannot seal "a.log" at position 5: OSS answered 409/),
    });
  });
});

describe('getObject()', () => {
  test('streams the whole object', async () => {
    const content = 'x'.repeat(300_000);
    const { client, server } = await connect(answer(200, {}, content));
    expect(await text(await client.getObject('a.log'))).toBe(content);
    expect(server.requests[0]?.headers).not.toHaveProperty('range');
  });

  test('streams a range', async () => {
    const { client, server } = await connect(
      answer(206, { 'content-range': 'bytes 5-9/100' }, 'world'),
    );
    expect(await text(await client.getObject('a.log', { start: 5, end: 10 }))).toBe('world');
    expect(server.requests[0]?.headers).toMatchObject({
      range: 'bytes=5-9',
      'x-oss-range-behavior': 'standard',
    });
  });

  test('sends no request for an empty range', async () => {
    const { client, server } = await connect(answer(500));
    expect(await text(await client.getObject('a.log', { start: 5, end: 5 }))).toBe('');
    expect(server.requests).toEqual([]);
  });

  test.each([
    { length: 5, said: 'the object ends there', ending: { outcome: 'fulfilled' } },
    { length: 9, said: 'the object is longer', ending: { outcome: 'fatal', status: 416 } },
  ])(
    'takes a refused range for the end of the object, if $said: $ending.outcome',
    async ({ length, ending }) => {
      const headers = { 'x-oss-request-id': 'R', 'content-range': `bytes */${length}` };
      const { client } = await connect(answer(416, headers));

      const read = client.getObject('a.log', { start: 5, end: 7 }).then(text);
      const result = await read.then(
        (content) => ({ outcome: 'fulfilled', content }),
        (error) => error,
      );
      expect(result).toMatchObject(ending);
    },
  );

  test('refuses an answer with the whole object to a request for a range', async () => {
    const { client } = await connect(answer(200, {}, 'hello world'));
    await expect(client.getObject('a.log', { start: 6 })).rejects.toMatchObject({
      outcome: 'unknown',
    });
  });

  test("rejects with OSS's refusal", async () => {
    const { client } = await connect(refuse(404, 'NoSuchKey'));
    await expect(client.getObject('a.log')).rejects.toMatchObject({
      outcome: 'fatal',
      ossCode: 'NoSuchKey',
    });
  });

  test('destroys the stream with an error if the body is cut short', async () => {
    const { client } = await connect((_seen, response) => {
      response.writeHead(200, { 'x-oss-request-id': 'R', 'content-length': '100' });
      response.write('half', () => response.destroy());
    });
    const stream = await client.getObject('a.log');
    await expect(text(stream)).rejects.toMatchObject({ outcome: 'unknown', answered: false });
  });

  test('stops reading from the socket while its consumer does not read', async () => {
    const size = 64 * 1024 * 1024;
    let written = 0;
    const { client } = await connect((_seen, response) => {
      response.writeHead(200, { 'x-oss-request-id': 'R', 'content-length': String(size) });
      const piece = Buffer.alloc(64 * 1024);
      const write = () => {
        while (written < size) {
          written += piece.byteLength;
          if (!response.write(piece)) {
            response.once('drain', write);
            return;
          }
        }
        response.end();
      };
      write();
    });
    const stream = await client.getObject('a.log');
    // Until all buffers between server and consumer are full.
    for (let last = -1; last !== written; ) {
      last = written;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(written).toBeLessThan(size);
    let read = 0;
    for await (const piece of stream) read += piece.length;
    expect(read).toBe(size);
  });

  test('ends the stream when its signal aborts', async () => {
    const { client } = await connect((_seen, response) => {
      response.writeHead(200, { 'x-oss-request-id': 'R', 'content-length': '100' });
      response.write('half');
    });
    const controller = new AbortController();
    const stream = await client.getObject('a.log', { signal: controller.signal });
    controller.abort();
    await expect(text(stream)).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('against the emulator', () => {
  async function clientOf(emulator: Emulator) {
    const { endpoint, region, credentials } = emulator;
    return new OssClient({ endpoint, region, credentials, bucket: 'examplebucket' });
  }

  test.each([5, 6, 500])(
    'getObject() from %d of an object of 5 bytes resolves with an empty stream',
    async (start) => {
      await using emulator = await startEmulator();
      const client = await clientOf(emulator);
      await client.appendObject('a.log', 0, Buffer.from('hello'));

      expect(await buffer(await client.getObject('a.log', { start }))).toEqual(Buffer.alloc(0));
      await client.close();
    },
  );

  test('the error of a refusal has the bucket and the key', async () => {
    await using emulator = await startEmulator();
    emulator.faults.add({ kind: 'forbid', operation: 'append' });
    const client = await clientOf(emulator);

    await expect(client.appendObject('a.log', 0, Buffer.from('a'))).rejects.toMatchObject({
      bucket: 'examplebucket',
      key: 'a.log',
    });
    await client.close();
  });

  test.each([
    { name: 'key', call: (client: OssClient) => client.headObject('') },
    {
      name: 'position',
      call: (client: OssClient) => client.appendObject('k', -1, Buffer.alloc(1)),
    },
    { name: 'create', call: createWrongly },
    { name: 'range', call: (client: OssClient) => client.getObject('k', { start: 2, end: 1 }) },
  ])('an invalid $name fails with fatal and sends nothing', async ({ call }) => {
    await using emulator = await startEmulator();
    const client = await clientOf(emulator);

    await expect(call(client)).rejects.toMatchObject({ outcome: 'fatal' });
    expect(emulator.requests).toEqual([]);
    await client.close();
  });
});

function createWrongly(client: OssClient) {
  return client.appendObject('k', 0, Buffer.alloc(1), { create: { metadata: { 'a b': 'c' } } });
}
