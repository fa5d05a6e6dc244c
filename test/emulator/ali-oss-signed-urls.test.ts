import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../src/emulator/index.js';
import { connect, fetchUrl, temporary, type Way, ways, withToken } from './ali-oss-client.js';

/** With an IP address as endpoint, neither the path nor the host of the URL contains the bucket. */
function hostFor(way: Way): Record<string, string> {
  return way.style === 'address' ? { host: 'examplebucket.oss-cn-hangzhou.aliyuncs.com' } : {};
}

function read(emulator: Emulator): Promise<Buffer> {
  return emulator.read('examplebucket', 'a.log');
}

// The version that signs the client's own requests does not affect its URLs.
const waysOfUrls = ways.filter(({ isV4 }) => isV4);

// For an IP address the SDK refuses to sign such a URL.
const waysOfOldUrls = waysOfUrls.filter(({ style }) => style !== 'address');

const keys = ['a.log', 'a b+c%2B杭州/😀.log', 'a//b', "!'()*~_-.&=#;:@,$"];

describe.each(waysOfOldUrls)('signatureUrl() of ali-oss, $style style', (way) => {
  test.each(keys)('is accepted for a GET of %j', async (key) => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    await client.append(key, Buffer.from('foo'));

    const answers = [
      await fetchUrl(client.signatureUrl(key)),
      await fetchUrl(await client.asyncSignatureUrl(key, { expires: 60, trafficLimit: 819_200 })),
    ];

    for (const { status, headers, text } of answers) {
      expect([status, text]).toEqual([200, 'foo']);
      expect(headers['x-oss-next-append-position']).toBe('3');
    }
  });

  test('overrides headers of the answer', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    await client.append('a.log', Buffer.from('foo'));
    const response = {
      'content-type': 'text/xml; charset=utf-8',
      'content-language': 'zh-cn',
      'content-disposition': 'attachment; filename="a b+c.txt"',
    };

    const { status, headers } = await fetchUrl(client.signatureUrl('a.log', { response }));

    expect(status).toBe(200);
    expect(headers).toMatchObject(response);
  });

  test('is accepted for a PUT with the signed type and MD5', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    const body = 'Hello World';
    const md5 = createHash('md5').update(body).digest('base64');
    const headers = { 'content-type': 'text/plain; charset=UTF-8', 'content-md5': md5 };
    const signed = { 'Content-Type': headers['content-type'], 'Content-Md5': md5 };
    const url = client.signatureUrl('a.log', { method: 'PUT', ...signed });

    const other = await fetchUrl(url, {
      method: 'PUT',
      body,
      headers: { ...headers, 'content-type': 'text/html' },
    });
    const { status } = await fetchUrl(url, { method: 'PUT', headers, body });

    expect([other.status, status]).toEqual([403, 200]);
    expect(String(await read(emulator))).toBe(body);
  });

  test('is accepted for an append', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    const subResource = { append: '', position: '0' };
    const url = client.signatureUrl('a.log', { method: 'POST', subResource });

    const { headers } = await fetchUrl(url, { method: 'POST', body: 'foo' });

    expect(headers['x-oss-next-append-position']).toBe('3');
    expect(String(await read(emulator))).toBe('foo');
  });

  test('contains the token of temporary credentials', async () => {
    await using emulator = await startEmulator({ credentials: temporary });
    const client = connect(emulator, way, withToken());
    await client.append('a.log', Buffer.from('foo'));

    const answers = [
      await fetchUrl(client.signatureUrl('a.log')),
      await fetchUrl(await client.asyncSignatureUrl('a.log')),
    ];

    expect(answers.map(({ text }) => text)).toEqual(['foo', 'foo']);
  });

  test.each([
    { scenario: 'for another method', options: { method: 'PUT' } },
    { scenario: 'that has expired', options: { expires: -1 } },
  ])('is refused $scenario', async ({ options }) => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    await client.append('a.log', Buffer.from('foo'));

    expect((await fetchUrl(client.signatureUrl('a.log', options))).status).toBe(403);
  });
});

describe.each(waysOfUrls)('signatureUrlV4() of ali-oss, $style style', (way) => {
  test.each(keys)('is accepted for a GET of %j', async (key) => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    await client.append(key, Buffer.from('foo'));

    const url = await client.signatureUrlV4('GET', 60, undefined, key);
    const { status, text } = await fetchUrl(url, { headers: hostFor(way) });

    expect([status, text]).toEqual([200, 'foo']);
  });

  test('is accepted for a PUT with the signed headers', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    const headers = { 'content-type': 'text/plain', 'x-oss-meta-a': '1', 'cache-control': 'none' };
    const url = await client.signatureUrlV4('PUT', 60, { headers }, 'a.log', ['cache-control']);

    const put = { method: 'PUT', body: 'foo' } as const;
    const { status } = await fetchUrl(url, { ...put, headers: { ...headers, ...hostFor(way) } });
    const other = await fetchUrl(url, {
      ...put,
      body: 'bar',
      headers: { ...headers, ...hostFor(way), 'cache-control': 'other' },
    });

    expect([status, other.status]).toEqual([200, 403]);
    expect(String(await read(emulator))).toBe('foo');
    expect((await client.head('a.log')).meta).toEqual({ a: '1' });
  });

  test('is accepted for an append', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    // `null` signs only the name, as OSS requires, and is sent as `append=` in the URL.
    const queries = { append: null, position: 0 };
    const url = await client.signatureUrlV4('POST', 60, { queries }, 'a.log');

    const options = { method: 'POST', body: 'foo', headers: hostFor(way) } as const;
    const { status, headers } = await fetchUrl(url, options);

    expect([status, headers['x-oss-next-append-position']]).toEqual([200, '3']);
  });

  test('overrides headers of the answer', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    await client.append('a.log', Buffer.from('foo'));
    const queries = { 'response-content-disposition': 'attachment; filename="a b+c.txt"' };

    const url = await client.signatureUrlV4('GET', 60, { queries }, 'a.log');
    const { headers } = await fetchUrl(url, { headers: hostFor(way) });

    expect(headers['content-disposition']).toBe('attachment; filename="a b+c.txt"');
  });

  test('contains the token of temporary credentials', async () => {
    await using emulator = await startEmulator({ credentials: temporary });
    const client = connect(emulator, way, withToken());
    await client.append('a.log', Buffer.from('foo'));

    const url = await client.signatureUrlV4('GET', 60, undefined, 'a.log');

    expect((await fetchUrl(url, { headers: hostFor(way) })).text).toBe('foo');
  });

  test('is refused for another method and for another key', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    await client.append('a.log', Buffer.from('foo'));
    await client.append('b.log', Buffer.from('bar'));
    const url = await client.signatureUrlV4('GET', 60, undefined, 'a.log');

    const answers = [
      await fetchUrl(url, { method: 'DELETE', headers: hostFor(way) }),
      await fetchUrl(url.replace('a.log', 'b.log'), { headers: hostFor(way) }),
    ];

    for (const { status, text } of answers) {
      expect(status).toBe(403);
      expect(text).toContain('<Code>SignatureDoesNotMatch</Code>');
    }
    expect(String(await read(emulator))).toBe('foo');
  });
});
