// Requests as official SDKs write them on the wire, where they differ from what other clients send.
import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../src/emulator/index.js';
import { openRawConnection } from './raw-connection.js';
import { append, element, send } from './signed-request.js';

interface WireRequest {
  readonly method: string;
  readonly target: string;

  /** What the SDK signs as the resource, with version 1. */
  readonly resource: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The whole answer to a request that is sent as it is, as text. */
async function exchange(emulator: Emulator, request: WireRequest): Promise<string> {
  const { method, target, resource, headers = {}, body = '' } = request;
  const date = new Date().toUTCString();
  const headerOf = (name: string) =>
    Object.entries(headers).find(([other]) => other.toLowerCase() === name)?.[1] ?? '';
  const signed = [method, headerOf('content-md5'), headerOf('content-type'), date, resource];
  const { accessKeyId, accessKeySecret } = emulator.credentials;
  const signature = createHmac('sha1', accessKeySecret).update(signed.join('\n')).digest('base64');
  const lines = Object.entries({
    Host: new URL(emulator.endpoint).host,
    ...headers,
    Date: date,
    Authorization: `OSS ${accessKeyId}:${signature}`,
    Connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  await using connection = await openRawConnection(emulator);
  connection.write(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
  return await connection.untilClosed();
}

/** https://github.com/aliyun/aliyun-oss-c-sdk, at an IP address: libcurl in chunks, slash escaped. */
describe('C', () => {
  const chunks = { Accept: '*/*', 'Transfer-Encoding': 'chunked', 'Content-Type': 'text/plain' };

  test('appends in chunks with a length beside them, the slash behind the bucket escaped', async () => {
    await using emulator = await startEmulator();

    for (const [position, text] of [
      [0, 'first '],
      [6, 'second'],
    ] as const) {
      const answer = await exchange(emulator, {
        method: 'POST',
        target: `/examplebucket%2Fdir%2Fkey?append&position=${position}`,
        resource: `/examplebucket/dir/key?append&position=${position}`,
        headers: { ...chunks, 'Content-Length': String(text.length) },
        body: `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`,
      });
      expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    }

    expect(String(await emulator.read('examplebucket', 'dir/key'))).toBe('first second');
  });

  test('puts an object the same way', async () => {
    await using emulator = await startEmulator();

    const answer = await exchange(emulator, {
      ...{ method: 'PUT', target: '/examplebucket%2fkey', resource: '/examplebucket/key' },
      headers: { ...chunks, 'Content-Length': '7' },
      body: '7\r\ncontent\r\n0\r\n\r\n',
    });

    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(String(await emulator.read('examplebucket', 'key'))).toBe('content');
  });

  test.each(['/examplebucket', '/examplebucket/'])(
    'lists a bucket, signed as %s',
    async (resource) => {
      await using emulator = await startEmulator();
      await append(emulator, 'a', 0, 'x');

      const target = '/examplebucket?prefix=&delimiter=&marker=&max-keys=100';
      const answer = await exchange(emulator, { method: 'GET', target, resource });

      expect(answer).toContain('<Key>a</Key>');
    },
  );

  test('is not taken at its word where the slash was sent, or another bucket signed', async () => {
    await using emulator = await startEmulator({ buckets: ['examplebucket', 'other'] });
    const get = { method: 'GET' };

    for (const [target, resource] of [
      ['/examplebucket/?prefix=', '/examplebucket'],
      ['/examplebucket?prefix=', '/other'],
      ['/examplebucket?prefix=', '/'],
    ] as const) {
      const answer = await exchange(emulator, { ...get, target, resource });
      expect(answer).toContain('<Code>SignatureDoesNotMatch</Code>');
    }
  });
});

/** https://github.com/aliyun/aliyun-oss-csharp-sdk: looks for headers by their exact names. */
describe('C#', () => {
  test('lists the buckets at an IP address', async () => {
    await using emulator = await startEmulator();

    const answer = await exchange(emulator, { method: 'GET', target: '///', resource: '/' });

    expect(answer).toContain('<Name>examplebucket</Name>');
  });

  test('finds the length of the answer to a deletion, and other headers, by their names', async () => {
    await using emulator = await startEmulator();
    await append(emulator, 'a', 0, 'x');
    const body = '<Delete><Quiet>false</Quiet><Object><Key>a</Key></Object></Delete>';

    const answer = await exchange(emulator, {
      ...{ method: 'POST', target: '/examplebucket/?delete', resource: '/examplebucket/?delete' },
      headers: {
        'Content-Type': 'application/xml',
        'Content-MD5': createHash('md5').update(body).digest('base64'),
        'Content-Length': String(body.length),
      },
      body,
    });

    const [head = '', document = ''] = answer.split('\r\n\r\n');
    const names = head
      .split('\r\n')
      .slice(1)
      .map((line) => line.split(':')[0]);
    expect(names).toEqual(
      expect.arrayContaining(['Server', 'Date', 'Content-Type', 'Connection', 'x-oss-request-id']),
    );
    expect(head).toContain(`\r\nContent-Length: ${Buffer.byteLength(document)}`);
    expect(document).toContain('<Deleted>');
  });

  test('finds what an object is, whole, in part and unchanged', async () => {
    await using emulator = await startEmulator();
    await append(emulator, 'a', 0, 'content');
    const resource = '/examplebucket/a';
    const get = { method: 'GET', target: resource, resource };

    const whole = await exchange(emulator, get);
    expect(whole).toMatch(/\r\nETag: "/);
    expect(whole).toMatch(/\r\nLast-Modified: /);
    expect(whole).toMatch(/\r\nx-oss-next-append-position: 7\r\n/);
    const part = await exchange(emulator, { ...get, headers: { Range: 'bytes=1-2' } });
    expect(part).toMatch(/\r\nContent-Range: bytes 1-2\/7\r\n/);
    const put = { method: 'PUT', headers: { 'Content-Length': '0' } };
    expect(await exchange(emulator, { ...get, ...put })).toMatch(/\r\nContent-MD5: /);
  });
});

/** https://github.com/aliyun/aliyun-oss-java-sdk, the first one. */
test('Java asks in a header for keys to be encoded in the answer to a deletion', async () => {
  await using emulator = await startEmulator();
  const body = '<Delete><Object><Key>a b</Key></Object></Delete>';

  const answer = await exchange(emulator, {
    ...{ method: 'POST', target: '/examplebucket/?delete', resource: '/examplebucket/?delete' },
    headers: {
      'Encoding-type': 'url',
      'Content-MD5': createHash('md5').update(body).digest('base64'),
      'Content-Length': String(body.length),
    },
    body,
  });

  expect(answer).toContain('<EncodingType>url</EncodingType>');
  expect(answer).toContain('<Key>a%20b</Key>');
});

/** The elements that the SDKs for Go, Python, PHP and Java read, some of which fail without. */
test('what is told of a bucket has all that SDKs read', async () => {
  await using emulator = await startEmulator();

  const response = await send(emulator, { query: { bucketInfo: '' } });

  expect(element(response, 'AccessMonitor')).toBe('Disabled');
  expect(element(response, 'BlockPublicAccess')).toBe('false');
  expect(element(response, 'CrossRegionReplication')).toBe('Disabled');
  expect(element(response, 'TransferAcceleration')).toBe('Disabled');
  expect(element(response, 'ResourceGroupId')).toMatch(/^rg-/);
});

test('the key that an object is to be encrypted with is remembered', async () => {
  await using emulator = await startEmulator();
  const headers = {
    'x-oss-server-side-encryption': 'KMS',
    'x-oss-server-side-encryption-key-id': '9468da86-3509-4f8d-a61e-6eab1eac',
  };

  const { headers: written } = await append(emulator, 'a', 0, 'x', { headers });
  const { headers: told } = await send(emulator, { method: 'HEAD', key: 'a' });

  expect(written).toMatchObject(headers);
  expect(told).toMatchObject(headers);
});
