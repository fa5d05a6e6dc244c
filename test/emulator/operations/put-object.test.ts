import { describe, expect, test } from 'vitest';
import { startEmulator } from '../../../src/emulator/index.js';
import { append, element, type RequestOptions, send } from '../signed-request.js';

const put = (body: string, options: RequestOptions = {}): RequestOptions => ({
  method: 'PUT',
  key: 'a',
  ...options,
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

  test.each(['ColdArchive', 'DeepColdArchive'])(
    'accepts the storage class %s',
    async (storageClass) => {
      await using emulator = await startEmulator();
      await send(emulator, put('x', { headers: { 'x-oss-storage-class': storageClass } }));

      const { headers } = await send(emulator, { method: 'HEAD', key: 'a' });

      expect(headers['x-oss-storage-class']).toBe(storageClass);
    },
  );

  test('stores nothing if the Content-MD5 is wrong', async () => {
    await using emulator = await startEmulator();
    const headers = { 'content-md5': '1B2M2Y8AsgTpgAmY7PhCfg==' };

    const response = await send(emulator, put('x', { headers }));

    expect(element(response, 'Code')).toBe('InvalidDigest');
    await expect(emulator.read('examplebucket', 'a')).rejects.toThrow();
  });

  test('refuses more than 5 GiB before the body is sent', async () => {
    await using emulator = await startEmulator();
    const headers = { 'content-length': String(5 * 2 ** 30 + 1), expect: '100-continue' };

    const response = await send(emulator, { method: 'PUT', key: 'a', headers });

    expect(response.status).toBe(400);
    expect(element(response, 'Code')).toBe('InvalidArgument');
  });

  test('does not replace an object with x-oss-forbid-overwrite', async () => {
    await using emulator = await startEmulator();
    const headers = { 'x-oss-forbid-overwrite': 'true' };

    const first = await send(emulator, put('first', { headers }));
    const second = await send(emulator, put('second', { headers }));

    expect([first.status, second.status]).toEqual([200, 409]);
    expect(element(second, 'Code')).toBe('FileAlreadyExists');
    expect(String(await emulator.read('examplebucket', 'a'))).toBe('first');
    const free = { headers: { 'x-oss-forbid-overwrite': 'false' } };
    expect((await send(emulator, put('third', free))).status).toBe(200);
  });

  test('accepts exactly one of many concurrent requests with x-oss-forbid-overwrite', async () => {
    await using emulator = await startEmulator({ faults: [{ kind: 'delay', delay: 200 }] });
    const headers = { 'x-oss-forbid-overwrite': 'true' };

    const responses = await Promise.all(
      ['1', '2', '3', '4'].map((body) => send(emulator, put(body, { headers }))),
    );

    expect(responses.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
  });

  test('creates an object with an MD5 in HEAD, unlike an appendable object', async () => {
    await using emulator = await startEmulator();
    await send(emulator, put('hello'));
    await append(emulator, 'b', 0, 'hello');

    const normal = await send(emulator, { method: 'HEAD', key: 'a' });
    const appendable = await send(emulator, { method: 'HEAD', key: 'b' });

    expect(normal.headers['content-md5']).toBe('XUFAKrxLKna5cZ2REBfFkg==');
    expect(appendable.headers).not.toHaveProperty('content-md5');
  });

  test('uses the storage class of the bucket by default', async () => {
    await using emulator = await startEmulator();
    const body =
      '<CreateBucketConfiguration><StorageClass>IA</StorageClass></CreateBucketConfiguration>';
    await send(emulator, { method: 'PUT', bucket: 'cheap', body });

    await send(emulator, put('x', { bucket: 'cheap' }));
    await append(emulator, 'b', 0, 'x', { bucket: 'cheap' });

    for (const key of ['a', 'b']) {
      const { headers } = await send(emulator, { method: 'HEAD', bucket: 'cheap', key });
      expect(headers['x-oss-storage-class']).toBe('IA');
    }
  });
});

describe('PutBucket', () => {
  const configuration = (content: string) =>
    `<?xml version="1.0" encoding="UTF-8"?>\n<CreateBucketConfiguration>${content}</CreateBucketConfiguration>`;

  test('creates a bucket with the given storage class and ACL', async () => {
    await using emulator = await startEmulator({ buckets: [] });
    const bucket = 'another';

    const created = await send(emulator, {
      method: 'PUT',
      bucket,
      headers: { 'x-oss-acl': 'public-read' },
      body: configuration('<StorageClass>Archive</StorageClass>'),
    });
    const info = await send(emulator, { bucket, query: { bucketInfo: '' } });

    expect(created.status).toBe(200);
    expect(created.headers.location).toBe('/another');
    expect(element(info, 'StorageClass')).toBe('Archive');
    expect(element(info, 'Grant')).toBe('public-read');
  });

  test('does not change the storage class of an existing bucket', async () => {
    await using emulator = await startEmulator();
    const bucket = 'examplebucket';
    const create = (content: string) =>
      send(emulator, { method: 'PUT', bucket, body: configuration(content) });

    const other = await create('<StorageClass>IA</StorageClass>');
    const same = await create('<StorageClass>Standard</StorageClass>');
    const none = await create('');

    expect([other.status, same.status, none.status]).toEqual([409, 200, 200]);
    expect(element(other, 'Code')).toBe('BucketAlreadyExists');
  });

  test.each([
    {
      scenario: 'an unknown storage class',
      body: configuration('<StorageClass>Warm</StorageClass>'),
      code: 'InvalidArgument',
    },
    { scenario: 'a body that is not XML', body: 'Standard', code: 'MalformedXML' },
    { scenario: 'another document', body: '<Delete></Delete>', code: 'MalformedXML' },
    {
      scenario: 'a document type',
      body: '<!DOCTYPE a [<!ENTITY b "c">]><CreateBucketConfiguration></CreateBucketConfiguration>',
      code: 'MalformedXML',
    },
    {
      scenario: 'a document that is too long',
      body: configuration(' '.repeat(3 * 2 ** 20)),
      code: 'EntityTooLarge',
    },
  ])('refuses $scenario and creates nothing', async ({ body, code }) => {
    await using emulator = await startEmulator();

    const response = await send(emulator, { method: 'PUT', bucket: 'another', body });

    expect(response.status).toBe(400);
    expect(element(response, 'Code')).toBe(code);
    expect((await send(emulator, { bucket: 'another' })).status).toBe(404);
  });

  test('refuses an unknown ACL', async () => {
    await using emulator = await startEmulator();
    const headers = { 'x-oss-acl': 'everybody', 'content-length': '0' };

    const response = await send(emulator, { method: 'PUT', bucket: 'another', headers });

    expect(response.status).toBe(400);
    expect(element(response, 'ArgumentName')).toBe('x-oss-acl');
  });

  test('creates a bucket, and does not change an existing one', async () => {
    await using emulator = await startEmulator({ buckets: [] });
    const headers = { 'content-length': '0' };
    const create = () => send(emulator, { method: 'PUT', bucket: 'another', headers });

    expect((await create()).status).toBe(200);
    await append(emulator, 'a', 0, 'x', { bucket: 'another' });
    expect((await create()).status).toBe(200);
    expect(String(await emulator.read('another', 'a'))).toBe('x');
  });

  test('refuses an invalid name', async () => {
    await using emulator = await startEmulator();
    const headers = { 'content-length': '0' };

    const response = await send(emulator, { method: 'PUT', bucket: 'No_Bucket', headers });

    expect(response.status).toBe(400);
    expect(element(response, 'Code')).toBe('InvalidBucketName');
  });
});
