import { describe, expect, test } from 'vitest';
import { startEmulator } from '../../../src/emulator/index.js';
import { append, element, type RequestOptions, send } from '../signed-request.js';

const put = (body: string, options: RequestOptions = {}): RequestOptions => ({
  method: 'PUT',
  key: 'a',
  body,
  headers: { 'content-length': String(Buffer.byteLength(body)), ...options.headers },
});

describe('PutObject', () => {
  test('stores a Normal object', async () => {
    await using emulator = await startEmulator();

    const response = await send(emulator, put('hello', { headers: { 'x-oss-meta-a': '1' } }));
    const { headers } = await send(emulator, { method: 'HEAD', key: 'a' });

    expect(response.status).toBe(200);
    expect(response.headers.etag).toBe('"5D41402ABC4B2A76B9719D911017C592"');
    expect(response.headers['content-md5']).toBe('XUFAKrxLKna5cZ2REBfFkg==');
    expect(response.headers['x-oss-hash-crc64ecma']).toBe('11177612005948864433');
    expect(headers['x-oss-object-type']).toBe('Normal');
    expect(headers['x-oss-meta-a']).toBe('1');
    expect(headers).not.toHaveProperty('x-oss-next-append-position');
    expect(String(await emulator.read('examplebucket', 'a'))).toBe('hello');
  });

  test('replaces an appendable object, its headers and all its bytes', async () => {
    await using emulator = await startEmulator();
    const headers = { 'x-oss-meta-a': '1' };
    await append(emulator, 'a', 0, Buffer.alloc(5_000_000, 'x'), { headers });

    await send(emulator, put('new'));
    const head = await send(emulator, { method: 'HEAD', key: 'a' });

    expect(String(await emulator.read('examplebucket', 'a'))).toBe('new');
    expect(head.headers['x-oss-object-type']).toBe('Normal');
    expect(head.headers['content-length']).toBe('3');
    expect(head.headers).not.toHaveProperty('x-oss-meta-a');
  });

  test.each(['ColdArchive', 'DeepColdArchive'])('takes the class %s', async (storageClass) => {
    await using emulator = await startEmulator();
    await send(emulator, put('x', { headers: { 'x-oss-storage-class': storageClass } }));

    const { headers } = await send(emulator, { method: 'HEAD', key: 'a' });

    expect(headers['x-oss-storage-class']).toBe(storageClass);
  });

  test('stores nothing when the Content-MD5 is wrong', async () => {
    await using emulator = await startEmulator();
    const headers = { 'content-md5': '1B2M2Y8AsgTpgAmY7PhCfg==' };

    const response = await send(emulator, put('x', { headers }));

    expect(element(response, 'Code')).toBe('InvalidDigest');
    await expect(emulator.read('examplebucket', 'a')).rejects.toThrow();
  });

  test('refuses more than 5 GiB before the body comes', async () => {
    await using emulator = await startEmulator();
    const headers = { 'content-length': String(5 * 2 ** 30 + 1), expect: '100-continue' };

    const response = await send(emulator, { method: 'PUT', key: 'a', headers });

    expect(response.status).toBe(400);
    expect(element(response, 'Code')).toBe('EntityTooLarge');
  });
});

describe('PutBucket', () => {
  test('creates a bucket, and leaves one that exists as it is', async () => {
    await using emulator = await startEmulator({ buckets: [] });
    const headers = { 'content-length': '0' };
    const create = () => send(emulator, { method: 'PUT', bucket: 'another', headers });

    expect((await create()).status).toBe(200);
    await append(emulator, 'a', 0, 'x', { bucket: 'another' });
    expect((await create()).status).toBe(200);
    expect(String(await emulator.read('another', 'a'))).toBe('x');
  });

  test('refuses a name no bucket may have', async () => {
    await using emulator = await startEmulator();
    const headers = { 'content-length': '0' };

    const response = await send(emulator, { method: 'PUT', bucket: 'No_Bucket', headers });

    expect(response.status).toBe(400);
    expect(element(response, 'Code')).toBe('InvalidBucketName');
  });
});
