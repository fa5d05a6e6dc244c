import { describe, expect, test } from 'vitest';
import { startEmulator } from '../../../src/emulator/index.js';
import { append, element, send } from '../signed-request.js';

const standard = { 'x-oss-range-behavior': 'standard' };

describe('HeadObject', () => {
  test('describes an appendable object without a body', async () => {
    await using emulator = await startEmulator();
    const before = Date.now();
    const { headers: appended } = await append(emulator, 'a.log', 0, 'abcd');

    const { status, headers, body } = await send(emulator, { method: 'HEAD', key: 'a.log' });

    expect(status).toBe(200);
    expect(body.byteLength).toBe(0);
    expect(headers).toMatchObject({
      'content-length': '4',
      'content-type': 'application/octet-stream',
      etag: appended.etag,
      'x-oss-object-type': 'Appendable',
      'x-oss-next-append-position': '4',
      'x-oss-hash-crc64ecma': '4367691578187800762',
      'x-oss-storage-class': 'Standard',
    });
    expect(headers).not.toHaveProperty('x-oss-tagging-count');
    expect(headers).not.toHaveProperty('x-oss-sealed-time');
    expect(Math.abs(Date.parse(headers['last-modified'] ?? '') - before)).toBeLessThan(10_000);
  });

  test.each([
    { scenario: 'a key', options: { key: 'a' }, code: 'NoSuchKey', ec: '0026-00000001' },
    {
      scenario: 'a bucket',
      options: { bucket: 'nowhere', key: 'a' },
      code: 'NoSuchBucket',
      ec: '0015-00000101',
    },
  ])('reports in a header that $scenario is missing', async ({ options, code, ec }) => {
    await using emulator = await startEmulator();

    const response = await send(emulator, { method: 'HEAD', ...options });

    expect(response.status).toBe(404);
    expect(response.body.byteLength).toBe(0);
    expect(response.headers['x-oss-err']).toMatch(/^[A-Za-z0-9+/]+=*$/);
    expect(element(response, 'Code')).toBe(code);
    expect(element(response, 'RequestId')).toBe(response.headers['x-oss-request-id']);
    expect(response.headers['x-oss-ec']).toBe(ec);
  });
});

describe('GetObject', () => {
  test('sends the object with the same headers as HEAD', async () => {
    await using emulator = await startEmulator();
    await append(emulator, 'a.log', 0, 'abcd', { headers: { 'x-oss-meta-a': '1' } });

    const head = await send(emulator, { method: 'HEAD', key: 'a.log' });
    const get = await send(emulator, { key: 'a.log' });

    const volatile = { date: '', 'x-oss-request-id': '', 'x-oss-server-time': '' };
    expect(get.status).toBe(200);
    expect(String(get.body)).toBe('abcd');
    expect({ ...get.headers, ...volatile }).toEqual({ ...head.headers, ...volatile });
  });

  test('sends an empty object', async () => {
    await using emulator = await startEmulator();
    await append(emulator, 'a.log', 0, '');

    const response = await send(emulator, { key: 'a.log' });

    expect(response.status).toBe(200);
    expect(response.headers['content-length']).toBe('0');
  });

  test('sends a range, with the checksum of the whole object', async () => {
    await using emulator = await startEmulator();
    await append(emulator, 'a.log', 0, 'abcd');

    const response = await send(emulator, { key: 'a.log', headers: { range: 'bytes=1-2' } });

    expect(response.status).toBe(206);
    expect(String(response.body)).toBe('bc');
    expect(response.headers['content-length']).toBe('2');
    expect(response.headers['content-range']).toBe('bytes 1-2/4');
    expect(response.headers['x-oss-hash-crc64ecma']).toBe('4367691578187800762');
  });

  test('sends a range across segments', async () => {
    await using emulator = await startEmulator();
    const bytes = Buffer.from(Array.from({ length: 9_000_000 }, (_, index) => index % 253));
    await append(emulator, 'big', 0, bytes);

    const headers = { range: 'bytes=4000000-8500000' };
    const response = await send(emulator, { key: 'big', headers });

    expect(response.body.equals(bytes.subarray(4_000_000, 8_500_001))).toBe(true);
  });

  test('sends the whole object for an invalid range', async () => {
    await using emulator = await startEmulator();
    await append(emulator, 'a.log', 0, 'abcd');

    const response = await send(emulator, { key: 'a.log', headers: { range: 'bytes=4-' } });

    expect(response.status).toBe(200);
    expect(String(response.body)).toBe('abcd');
    expect(response.headers).not.toHaveProperty('content-range');
  });

  test('refuses an invalid range with x-oss-range-behavior: standard', async () => {
    await using emulator = await startEmulator();
    await append(emulator, 'a.log', 0, 'abcd');

    const headers = { range: 'bytes=4-', ...standard };
    const response = await send(emulator, { key: 'a.log', headers });

    expect(response.status).toBe(416);
    expect(element(response, 'Code')).toBe('InvalidRange');
    expect(response.headers['content-range']).toBe('bytes */4');
  });

  test('refuses a missing key', async () => {
    await using emulator = await startEmulator();

    const response = await send(emulator, { key: 'a<b' });

    expect(response.status).toBe(404);
    expect(response.headers['content-type']).toBe('application/xml');
    expect(element(response, 'Code')).toBe('NoSuchKey');
    expect(element(response, 'Key')).toBe('a&lt;b');
    expect(element(response, 'HostId')).toBe(emulator.endpoint.replace('http://', ''));
  });
});

describe('DeleteObject', () => {
  test('deletes an object, and answers the same if it does not exist', async () => {
    await using emulator = await startEmulator();
    await append(emulator, 'a.log', 0, 'abcd');

    const first = await send(emulator, { method: 'DELETE', key: 'a.log' });
    const second = await send(emulator, { method: 'DELETE', key: 'a.log' });

    expect([first.status, second.status]).toEqual([204, 204]);
    expect((await send(emulator, { method: 'HEAD', key: 'a.log' })).status).toBe(404);
  });

  test('leaves no properties for a new object with the same key', async () => {
    await using emulator = await startEmulator();
    await append(emulator, 'a.log', 0, 'abcd', { headers: { 'x-oss-meta-a': '1' } });
    await send(emulator, { method: 'DELETE', key: 'a.log' });

    const response = await append(emulator, 'a.log', 0, 'xyz');
    const head = await send(emulator, { method: 'HEAD', key: 'a.log' });

    expect(response.status).toBe(200);
    expect(String(await emulator.read('examplebucket', 'a.log'))).toBe('xyz');
    expect(head.headers).not.toHaveProperty('x-oss-meta-a');
  });
});

describe('SealAppendObject', () => {
  const seal = { method: 'POST', key: 'a.log', headers: { 'content-length': '0' } };

  test('makes the object refuse appends, and keeps the first time if repeated', async () => {
    await using emulator = await startEmulator();
    await append(emulator, 'a.log', 0, 'abcd');

    const first = await send(emulator, { ...seal, query: { seal: '', position: '4' } });
    const second = await send(emulator, { ...seal, query: { seal: '', position: '4' } });
    const refused = await append(emulator, 'a.log', 4, 'x');
    const head = await send(emulator, { method: 'HEAD', key: 'a.log' });

    expect(first.status).toBe(200);
    expect(Date.parse(String(first.headers['x-oss-sealed-time']))).not.toBeNaN();
    expect(second.headers['x-oss-sealed-time']).toBe(first.headers['x-oss-sealed-time']);
    expect(head.headers['x-oss-sealed-time']).toBe(first.headers['x-oss-sealed-time']);
    expect(head.headers['x-oss-object-type']).toBe('Appendable');
    expect(refused.status).toBe(409);
    expect(element(refused, 'Code')).toBe('AppendSealedObjectNotAllowed');
  });

  test('refuses a position that differs from the length', async () => {
    await using emulator = await startEmulator();
    await append(emulator, 'a.log', 0, 'abcd');

    const response = await send(emulator, { ...seal, query: { seal: '', position: '3' } });

    expect(response.status).toBe(409);
    expect(response.headers['x-oss-next-append-position']).toBe('4');
    expect((await append(emulator, 'a.log', 4, 'x')).status).toBe(200);
  });
});

describe('findOperation()', () => {
  test.each([
    { scenario: 'a subresource', options: { key: 'a', query: { symlink: '' } } },
    {
      scenario: 'a multipart upload',
      options: { method: 'POST', key: 'a', query: { uploads: '' } },
    },
    { scenario: 'an unknown method', options: { method: 'PATCH', key: 'a' } },
    {
      scenario: 'two subresources at once',
      options: { method: 'POST', key: 'a', query: { append: '', seal: '', position: '0' } },
    },
  ])('refuses $scenario with a status that SDKs do not retry', async ({ options }) => {
    await using emulator = await startEmulator();

    const response = await send(emulator, { headers: { 'content-length': '0' }, ...options });

    expect(response.status).toBe(400);
    expect(element(response, 'Code')).toBe('NotImplemented');
    expect(emulator.requests).toMatchObject([{ operation: 'unsupported', status: 400 }]);
  });

  test('ignores unknown query parameters', async () => {
    await using emulator = await startEmulator();
    await append(emulator, 'a', 0, 'x');

    expect((await send(emulator, { key: 'a', query: { nonsense: '1' } })).status).toBe(200);
  });
});
