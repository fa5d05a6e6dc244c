import { Agent, request } from 'node:http';
import { describe, expect, test } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import { headText, openRawConnection } from './raw-connection.js';
import { append, pathOf, type RequestOptions, send, signedHeaders } from './signed-request.js';

const bucket = 'examplebucket';
const mebibyte = 2 ** 20;

function appendOptions(position: number, headers: Record<string, string>): RequestOptions {
  const query = { append: '', position: String(position) };
  return { method: 'POST', key: 'a.log', query, headers: { host: 'localhost', ...headers } };
}

describe('a request body', () => {
  test('is not expected if the request has neither a length nor chunks', async () => {
    await using emulator = await startEmulator();
    await using connection = await openRawConnection(emulator);
    const options = appendOptions(0, {});

    connection.write(headText('POST', pathOf(options), signedHeaders(emulator, options)));

    expect(await connection.until('</Error>')).toMatch(
      /^HTTP\/1\.1 411 [\s\S]*MissingContentLength/,
    );
  });

  test('that is truncated stores nothing', async () => {
    await using emulator = await startEmulator();
    await append(emulator, 'a.log', 0, 'abcd');
    const connection = await openRawConnection(emulator);
    const options = appendOptions(4, { 'content-length': '10', expect: '100-continue' });
    connection.write(headText('POST', pathOf(options), signedHeaders(emulator, options)));
    await connection.until('100 Continue');

    connection.write('123456789');
    await connection[Symbol.asyncDispose]();

    await expect.poll(() => emulator.requests.length).toBe(2);
    expect(emulator.requests[1]).toMatchObject({ operation: 'append', position: 4, status: 0 });
    expect(String(await emulator.read(bucket, 'a.log'))).toBe('abcd');
    expect((await append(emulator, 'a.log', 4, 'x')).status).toBe(200);
  });

  test('in chunks without the last chunk stores nothing', async () => {
    await using emulator = await startEmulator();
    const connection = await openRawConnection(emulator);
    const options = appendOptions(0, { 'transfer-encoding': 'chunked', expect: '100-continue' });
    connection.write(headText('POST', pathOf(options), signedHeaders(emulator, options)));
    await connection.until('100 Continue');

    connection.write('4\r\nabcd\r\n');
    connection.socket.end();
    await connection.untilClosed();

    await expect.poll(() => emulator.requests.length).toBe(1);
    await expect(emulator.read(bucket, 'a.log')).rejects.toThrow('there is no such object');
  });

  test('is requested with 100 Continue if the append can succeed', async () => {
    await using emulator = await startEmulator();
    await using connection = await openRawConnection(emulator);
    const options = appendOptions(0, { 'content-length': '4', expect: '100-continue' });
    connection.write(headText('POST', pathOf(options), signedHeaders(emulator, options)));

    expect(await connection.until('\r\n\r\n')).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    connection.write('abcd');
    expect(await connection.until('x-oss-next-append-position')).toContain('HTTP/1.1 200 OK');
  });

  test('is not requested with 100 Continue if the append must fail', async () => {
    await using emulator = await startEmulator();
    await using connection = await openRawConnection(emulator);
    const options = appendOptions(7, { 'content-length': '4', expect: '100-continue' });
    connection.write(headText('POST', pathOf(options), signedHeaders(emulator, options)));

    const answer = await connection.until('</Error>');

    expect(answer).toMatch(/^HTTP\/1\.1 409 /);
    expect(answer.toLowerCase()).toContain('connection: close');
    expect(emulator.requests).toMatchObject([{ status: 409, byteLength: 0 }]);
  });

  test('of any length does not prevent a client from reading the refusal', async () => {
    await using emulator = await startEmulator();
    const body = Buffer.alloc(32 * mebibyte);
    const credentials = { accessKeyId: 'nobody', accessKeySecret: 'x' };

    const responses = await Promise.all(
      [1, 2, 3].map(() => append(emulator, 'a.log', 0, body, { credentials })),
    );

    expect(responses.map(({ status }) => status)).toEqual([403, 403, 403]);
  });

  test('that is too long is not read to its end after a refusal', async () => {
    await using emulator = await startEmulator();
    await using connection = await openRawConnection(emulator);
    const head = { host: 'localhost', 'content-length': String(5 * 2 ** 30) };
    connection.write(headText('PUT', '/examplebucket/a', head));
    await connection.until('</Error>');
    const piece = Buffer.alloc(mebibyte);
    const pump = () => {
      while (!connection.socket.destroyed && connection.socket.write(piece));
    };
    connection.socket.on('drain', pump);

    pump();

    expect(await connection.untilClosed()).toMatch(/^HTTP\/1\.1 403 /);
    expect(connection.socket.bytesWritten).toBeLessThan(200 * mebibyte);
  });
});

describe('a connection', () => {
  test('is reused after successful and refused requests', async () => {
    await using emulator = await startEmulator();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<number | undefined>();
    const statuses: (number | undefined)[] = [];
    const exchange = (options: RequestOptions) =>
      new Promise<void>((resolve, reject) => {
        const headers = signedHeaders(emulator, options);
        const settings = { method: options.method ?? 'GET', path: pathOf(options), headers, agent };
        const outgoing = request(emulator.endpoint, settings, (incoming) => {
          ports.add(incoming.socket.localPort);
          statuses.push(incoming.statusCode);
          incoming.resume().on('end', resolve);
        });
        outgoing.on('error', reject).end(options.body);
      });

    const body = Buffer.alloc(mebibyte);
    const length = { 'content-length': String(body.byteLength) };
    await exchange({ ...appendOptions(0, length), body });
    await exchange({ ...appendOptions(0, length), body });
    await exchange({ ...appendOptions(0, length), body, region: 'elsewhere' });
    await exchange({ method: 'HEAD', key: 'a.log' });
    await exchange({ method: 'HEAD', key: 'b.log' });
    await exchange({ method: 'DELETE', key: 'a.log' });
    agent.destroy();

    expect(statuses).toEqual([200, 409, 400, 200, 404, 204]);
    expect(ports.size).toBe(1);
  });

  test('closed in the middle of an answer does not affect others', async () => {
    await using emulator = await startEmulator();
    await append(emulator, 'big', 0, Buffer.alloc(32 * mebibyte));
    const connection = await openRawConnection(emulator);
    const options = { key: 'big', headers: { host: 'localhost' } };
    connection.write(headText('GET', pathOf(options), signedHeaders(emulator, options)));
    await connection.until('\r\n\r\n');
    await connection[Symbol.asyncDispose]();

    expect((await send(emulator, { method: 'HEAD', key: 'big' })).status).toBe(200);
  });
});

describe('the head of a request', () => {
  test('is read to its last header, even among thousands', async () => {
    await using emulator = await startEmulator({ credentials: null });
    await using connection = await openRawConnection(emulator);
    const many = 'a:b\r\n'.repeat(2500);
    const digest = 'content-md5: 1B2M2Y8AsgTpgAmY7PhCfg==\r\ncontent-length: 1\r\n';

    connection.write(`PUT /examplebucket/a HTTP/1.1\r\nhost: x\r\n${many}${digest}\r\nx`);

    expect(await connection.until('</Error>')).toContain('<Code>InvalidDigest</Code>');
  });
});

describe('hostile input', () => {
  const host = 'host: localhost\r\n';

  test.each([
    { scenario: 'not HTTP', text: '\u0016\u0003\u0001hello\r\n\r\n', status: 400 },
    {
      scenario: 'an endless head',
      text: `GET / HTTP/1.1\r\n${'a: b\r\n'.repeat(20_000)}`,
      status: 431,
    },
    {
      scenario: 'a malformed percent-encoding',
      text: `GET /b-1/%zz HTTP/1.1\r\n${host}\r\n`,
      status: 400,
    },
    {
      scenario: 'a target that is not a path',
      text: `OPTIONS * HTTP/1.1\r\n${host}\r\n`,
      status: 400,
    },
    {
      scenario: 'a host full of markup',
      text: 'GET /examplebucket/k HTTP/1.1\r\nhost: <&">.\r\n\r\n',
      status: 403,
    },
    { scenario: 'no host', text: 'GET /examplebucket/k HTTP/1.0\r\n\r\n', status: 403 },
    {
      scenario: 'two lengths',
      text: `PUT /b-1/k HTTP/1.1\r\n${host}content-length: 1\r\ncontent-length: 2\r\n\r\n`,
      status: 400,
    },
    {
      scenario: 'a negative length',
      text: `PUT /b-1/k HTTP/1.1\r\n${host}content-length: -1\r\n\r\n`,
      status: 400,
    },
    {
      scenario: 'an authorization of commas',
      text: `GET /b-1/k HTTP/1.1\r\n${host}authorization: OSS4-HMAC-SHA256 ,,,=,=\r\n\r\n`,
      status: 400,
    },
    {
      scenario: 'an unknown expectation',
      text: `PUT /b-1/k HTTP/1.1\r\n${host}expect: miracles\r\n\r\n`,
      status: 417,
    },
  ])('"$scenario" is refused and does not affect other requests', async ({ text, status }) => {
    await using emulator = await startEmulator();
    await using connection = await openRawConnection(emulator);

    connection.write(Buffer.from(text, 'latin1'));

    expect(await connection.until('\r\n\r\n')).toMatch(new RegExp(`^HTTP/1\\.[01] ${status} `));
    expect((await append(emulator, 'a', 0, 'x')).status).toBe(200);
  });
});
