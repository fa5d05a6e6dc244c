import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadCrc64 } from '../../../src/crc64.js';
import { startEmulator } from '../../../src/emulator/index.js';
import { headText, openRawConnection } from '../raw-connection.js';
import {
  append,
  element,
  pathOf,
  type RequestOptions,
  send,
  signedHeaders,
} from '../signed-request.js';

const crc64 = await loadCrc64();
const bucket = 'examplebucket';
const gibibyte = 2 ** 30;

describe('AppendObject', () => {
  test('creates an object and appends to it', async () => {
    await using emulator = await startEmulator();

    const first = await append(emulator, 'a.log', 0, 'hello ');
    const second = await append(emulator, 'a.log', 6, 'oss append object');

    expect(first.status).toBe(200);
    expect(first.headers['x-oss-next-append-position']).toBe('6');
    expect(first.headers['x-oss-hash-crc64ecma']).toBe('1796661072844795914');
    expect(second.headers['x-oss-next-append-position']).toBe('23');
    expect(second.headers['x-oss-hash-crc64ecma']).toBe('5488852893742700147');
    expect(second.headers['content-length']).toBe('0');
    expect(second.headers['x-oss-request-id']).toMatch(/^[0-9A-F]{24}$/);
    expect(second.headers['x-oss-server-time']).toMatch(/^\d+$/);
    expect(second.headers.etag).toMatch(/^"[0-9A-F]{32}"$/);
    expect(second.headers.etag).not.toBe(first.headers.etag);
    expect(String(await emulator.read(bucket, 'a.log'))).toBe('hello oss append object');
  });

  test('returns the checksum of the whole object, even of several megabytes', async () => {
    await using emulator = await startEmulator();
    const parts = [5_000_000, 1, 4_194_304, 70_000].map((length, index) =>
      Buffer.from(Array.from({ length }, (_, i) => (i * 31 + index) % 251)),
    );

    let position = 0;
    let checksum: unknown;
    for (const part of parts) {
      const response = await append(emulator, 'big', position, part);
      checksum = response.headers['x-oss-hash-crc64ecma'];
      position += part.byteLength;
    }

    const whole = Buffer.concat(parts);
    expect(checksum).toBe(String(crc64(whole)));
    expect((await emulator.read(bucket, 'big')).equals(whole)).toBe(true);
  });

  test('does not mix long bodies that arrive concurrently', async () => {
    await using emulator = await startEmulator();
    await append(emulator, 'before', 0, Buffer.alloc(5_000_000, 'x'));
    emulator.faults.add({ kind: 'delay', delay: 300 });
    const keys = ['a', 'b', 'c', 'd', 'e'];

    await Promise.all(keys.map((key) => append(emulator, key, 0, Buffer.alloc(300_000, key))));

    for (const key of keys) {
      const stored = await emulator.read(bucket, key);
      expect(stored.equals(Buffer.alloc(300_000, key))).toBe(true);
    }
  });

  test.each([
    { scenario: 'before the end', position: 3, length: '6' },
    { scenario: 'after the end', position: 7, length: '6' },
    { scenario: 'at 0 of an object that is not empty', position: 0, length: '6' },
    { scenario: 'above the limit of an object', position: '9223372036854775807', length: '6' },
  ])('refuses a position $scenario and returns the length', async ({ position, length }) => {
    await using emulator = await startEmulator();
    await append(emulator, 'a.log', 0, 'hello ');

    const response = await append(emulator, 'a.log', position, 'x');

    expect(response.status).toBe(409);
    expect(element(response, 'Code')).toBe('PositionNotEqualToLength');
    expect(response.headers['x-oss-ec']).toBe('0026-00000016');
    expect(response.headers['x-oss-next-append-position']).toBe(length);
    expect(String(await emulator.read(bucket, 'a.log'))).toBe('hello ');
  });

  test('refuses a position above 0 for a missing object, and does not create it', async () => {
    await using emulator = await startEmulator();

    const response = await append(emulator, 'a.log', 1, 'x');

    expect(response.status).toBe(409);
    expect(response.headers['x-oss-next-append-position']).toBe('0');
    await expect(emulator.read(bucket, 'a.log')).rejects.toThrow('there is no such object');
  });

  test.each([
    {
      scenario: 'no position',
      query: { append: '' },
      code: 'MissingArgument',
      ec: '0016-00000501',
    },
    { scenario: 'an empty position', position: '', code: 'MissingArgument', ec: '0016-00000501' },
    {
      scenario: 'a negative position',
      position: '-1',
      code: 'InvalidArgument',
      ec: '0016-00000502',
    },
    { scenario: 'a fraction', position: '1.5', code: 'InvalidArgument', ec: '0016-00000502' },
    { scenario: 'a word', position: 'end', code: 'InvalidArgument', ec: '0016-00000502' },
    {
      scenario: 'more than 64 bits',
      position: '9223372036854775808',
      code: 'InvalidArgument',
      ec: '0016-00000502',
    },
  ])('refuses $scenario', async ({ query, position, code, ec }) => {
    await using emulator = await startEmulator();

    const response = await send(emulator, {
      method: 'POST',
      key: 'a.log',
      query: query ?? { append: '', position: position ?? '' },
      headers: { 'content-length': '1' },
      body: 'x',
    });

    expect(response.status).toBe(400);
    expect(element(response, 'Code')).toBe(code);
    expect(response.headers['x-oss-ec']).toBe(ec);
  });

  test('accepts exactly one of many concurrent appends at the same position', async () => {
    // On disk, where writes overlap, with all appends applied at the same time.
    const dir = await mkdtemp(join(tmpdir(), 'emulator-test-'));
    onTestFinished(() => rm(dir, { recursive: true, force: true }));
    await using emulator = await startEmulator({ dir, faults: [{ kind: 'delay', delay: 300 }] });
    const bodies = Array.from({ length: 20 }, (_, index) => `writer ${index}`.padEnd(10_000, '.'));

    const responses = await Promise.all(bodies.map((body) => append(emulator, 'a.log', 0, body)));

    const winners = responses.flatMap(({ status }, index) => (status === 200 ? [index] : []));
    expect(winners).toHaveLength(1);
    expect(responses.filter(({ status }) => status === 409)).toHaveLength(19);
    expect(String(await emulator.read(bucket, 'a.log'))).toBe(bodies[winners[0] ?? -1]);
  });

  test('creates an empty appendable object', async () => {
    await using emulator = await startEmulator();

    const response = await append(emulator, 'a.log', 0, '');
    const head = await send(emulator, { method: 'HEAD', key: 'a.log' });

    expect(response.status).toBe(200);
    expect(response.headers['x-oss-next-append-position']).toBe('0');
    expect(response.headers['x-oss-hash-crc64ecma']).toBe('0');
    expect(head.headers['x-oss-object-type']).toBe('Appendable');
    expect(head.headers['content-length']).toBe('0');
  });

  test('changes nothing for an empty append', async () => {
    await using emulator = await startEmulator();
    const first = await append(emulator, 'a.log', 0, 'abcd');

    const empty = await append(emulator, 'a.log', 4, '');
    const wrong = await append(emulator, 'a.log', 3, '');

    expect(empty.status).toBe(200);
    expect(empty.headers['x-oss-next-append-position']).toBe('4');
    expect(empty.headers['x-oss-hash-crc64ecma']).toBe('4367691578187800762');
    expect(empty.headers.etag).toBe(first.headers.etag);
    expect(wrong.status).toBe(409);
  });

  test.each([
    { scenario: 'a Normal object', length: '4', position: 4 },
    { scenario: 'an empty Normal object', length: '0', position: 0 },
    { scenario: 'a Normal object at a wrong position', length: '4', position: 9 },
  ])('refuses $scenario', async ({ length, position }) => {
    await using emulator = await startEmulator();
    const headers = { 'content-length': length };
    const body = 'abcd'.slice(0, Number(length));
    await send(emulator, { method: 'PUT', key: 'a', headers, body });

    const response = await append(emulator, 'a', position, 'x');

    expect(response.status).toBe(409);
    expect(element(response, 'Code')).toBe('ObjectNotAppendable');
    expect(response.headers['x-oss-ec']).toBe('0026-00000017');
  });

  test('stores the headers of the append that created the object, but none of later appends', async () => {
    await using emulator = await startEmulator();
    const creation: RequestOptions = {
      headers: {
        'content-type': 'text/plain',
        'cache-control': 'no-cache',
        'content-disposition': 'inline',
        'content-encoding': 'identity',
        expires: 'Wed, 28 Dec 2022 10:27:41 GMT',
        'x-oss-meta-author': 'alice',
        'x-oss-storage-class': 'IA',
        'x-oss-tagging': 'a=1&b=2',
        'x-oss-object-acl': 'private',
        'x-oss-server-side-encryption': 'AES256',
      },
    };
    const later: RequestOptions = {
      headers: { 'content-type': 'text/html', 'x-oss-meta-author': 'bob', 'x-oss-meta-b': '2' },
    };

    const created = await append(emulator, 'a.log', 0, 'a', creation);
    await append(emulator, 'a.log', 1, 'b', later);
    const { headers } = await send(emulator, { method: 'HEAD', key: 'a.log' });

    expect(created.headers['x-oss-server-side-encryption']).toBe('AES256');
    expect(headers).toMatchObject({
      'content-type': 'text/plain',
      'cache-control': 'no-cache',
      'content-disposition': 'inline',
      'content-encoding': 'identity',
      expires: 'Wed, 28 Dec 2022 10:27:41 GMT',
      'x-oss-meta-author': 'alice',
      'x-oss-storage-class': 'IA',
      'x-oss-tagging-count': '2',
      'x-oss-server-side-encryption': 'AES256',
    });
    expect(headers).not.toHaveProperty('x-oss-meta-b');
  });

  test.each([
    { header: 'x-oss-storage-class', value: 'ColdArchive' },
    { header: 'x-oss-storage-class', value: 'Warm' },
    { header: 'x-oss-object-acl', value: 'everybody' },
  ])('refuses $header: $value', async ({ header, value }) => {
    await using emulator = await startEmulator();

    const response = await append(emulator, 'a', 0, 'x', { headers: { [header]: value } });

    expect(response.status).toBe(400);
    expect(element(response, 'Code')).toBe('InvalidArgument');
    expect(element(response, 'ArgumentValue')).toBe(value);
  });

  test.each([
    { header: 'x-oss-server-side-encryption', value: 'ROT13' },
    { header: 'x-oss-server-side-encryption', value: '' },
    { header: 'x-oss-server-side-data-encryption', value: 'AES256' },
  ])('refuses the encryption $header: "$value"', async ({ header, value }) => {
    await using emulator = await startEmulator();

    const response = await append(emulator, 'a', 0, 'x', { headers: { [header]: value } });

    expect(response.status).toBe(400);
    expect(element(response, 'Code')).toBe('InvalidEncryptionAlgorithmError');
  });

  test('accepts an ACL with a later append too', async () => {
    await using emulator = await startEmulator();
    const acl = (value: string) => ({ headers: { 'x-oss-object-acl': value } });
    await append(emulator, 'k', 0, 'a', acl('public-read-write'));

    await append(emulator, 'k', 1, 'b', acl('public-read'));
    await append(emulator, 'k', 2, 'c');

    const response = await send(emulator, { key: 'k', query: { acl: '' } });
    expect(element(response, 'Grant')).toBe('public-read');
  });

  test('accepts 8 KB of metadata, including names, and no more', async () => {
    await using emulator = await startEmulator();
    const names = ['x-oss-meta-a', 'x-oss-meta-b'];
    const headers = Object.fromEntries(names.map((name) => [name, 'v'.repeat(4096 - 12)]));

    const full = await append(emulator, 'a', 0, 'x', { headers });
    const over = await append(emulator, 'b', 0, 'x', {
      headers: { ...headers, 'x-oss-meta-c': '' },
    });

    expect(full.status).toBe(200);
    expect(over.status).toBe(400);
    expect(element(over, 'Code')).toBe('InvalidArgument');
    expect(over.headers['x-oss-ec']).toBe('0011-00000002');
  });

  test('refuses metadata whose name has characters other than letters, digits and hyphens', async () => {
    await using emulator = await startEmulator();
    const headers = { 'x-oss-meta-my_key': '1' };

    const response = await append(emulator, 'a', 0, 'x', { headers });

    expect(response.status).toBe(400);
    expect(response.headers['x-oss-ec']).toBe('0011-00000004');
  });

  // https://help.aliyun.com/zh/oss/developer-reference/appendobject: only the first append sets
  // them.
  test.each([
    [
      'too many tags',
      { 'x-oss-tagging': Array.from({ length: 15 }, (_, it) => `k${it}=v`).join('&') },
    ],
    ['a storage class without appends', { 'x-oss-storage-class': 'ColdArchive' }],
    ['an unknown encryption', { 'x-oss-server-side-encryption': 'ROT13' }],
    ['metadata', { 'x-oss-meta-a': 'other', 'content-type': 'text/plain' }],
  ])('ignores attributes in an append to an existing object: %s', async (_, headers) => {
    await using emulator = await startEmulator();
    await append(emulator, 'a', 0, 'x', {
      headers: { 'x-oss-meta-a': 'first', 'x-oss-tagging': 'k=v' },
    });
    const before = await send(emulator, { method: 'HEAD', key: 'a' });

    expect((await append(emulator, 'a', 1, 'y', { headers })).status).toBe(200);

    const told = ['x-oss-meta-a', 'content-type', 'x-oss-storage-class', 'x-oss-tagging-count'];
    const after = await send(emulator, { method: 'HEAD', key: 'a' });
    expect(told.map((name) => after.headers[name])).toEqual(
      told.map((name) => before.headers[name]),
    );
    expect(String(await emulator.read('examplebucket', 'a'))).toBe('xy');
  });

  test('ignores x-oss-forbid-overwrite', async () => {
    await using emulator = await startEmulator();
    const headers = { 'x-oss-forbid-overwrite': 'true' };
    await append(emulator, 'a', 0, 'x', { headers });

    expect((await append(emulator, 'a', 1, 'y', { headers })).status).toBe(200);
  });

  test.each([
    {
      scenario: 'the value of an argument before the length',
      headers: { 'x-oss-storage-class': 'Warm' },
      code: 'InvalidArgument',
    },
    { scenario: 'the length before the position', headers: {}, code: 'MissingContentLength' },
  ])('checks $scenario', async ({ headers, code }) => {
    await using emulator = await startEmulator();
    await using connection = await openRawConnection(emulator);
    const query = { append: '', position: '9' };
    const options = { method: 'POST', key: 'a', query, headers: { host: 'localhost', ...headers } };

    connection.write(headText('POST', pathOf(options), signedHeaders(emulator, options)));

    expect(await connection.until('</Error>')).toContain(`<Code>${code}</Code>`);
  });

  test('checks the position before conditional headers', async () => {
    await using emulator = await startEmulator();

    const response = await append(emulator, 'a', 'x', 'x', { headers: { 'if-match': '*' } });

    expect(element(response, 'Code')).toBe('InvalidArgument');
  });

  test('returns no version id', async () => {
    await using emulator = await startEmulator();

    const response = await append(emulator, 'a', 0, 'x');
    const head = await send(emulator, { method: 'HEAD', key: 'a' });

    expect(response.headers).not.toHaveProperty('x-oss-version-id');
    expect(head.headers).not.toHaveProperty('x-oss-version-id');
  });

  test('accepts a correct Content-MD5', async () => {
    await using emulator = await startEmulator();
    const md5 = createHash('md5').update('abcd').digest('base64');

    const response = await append(emulator, 'a', 0, 'abcd', { headers: { 'content-md5': md5 } });

    expect(response.status).toBe(200);
  });

  test.each([
    { scenario: 'of other bytes', md5: '1B2M2Y8AsgTpgAmY7PhCfg==', ec: '0017-00000503' },
    { scenario: 'that is malformed', md5: 'eB5eJF1ptWaXm4bijSPyxw', ec: '0017-00000502' },
  ])('refuses a Content-MD5 $scenario and stores nothing', async ({ md5, ec }) => {
    await using emulator = await startEmulator();
    await append(emulator, 'a', 0, 'abcd');

    const response = await append(emulator, 'a', 4, 'x', { headers: { 'content-md5': md5 } });

    expect(response.status).toBe(400);
    expect(element(response, 'Code')).toBe('InvalidDigest');
    expect(response.headers['x-oss-ec']).toBe(ec);
    expect(String(await emulator.read(bucket, 'a'))).toBe('abcd');
  });

  test('checks the position before the Content-MD5', async () => {
    await using emulator = await startEmulator();
    const headers = { 'content-md5': '1B2M2Y8AsgTpgAmY7PhCfg==' };

    expect((await append(emulator, 'a', 9, 'abcd', { headers })).status).toBe(409);
  });

  test('refuses to grow an object beyond 5 GiB', async () => {
    await using emulator = await startEmulator();
    await append(emulator, 'a', 0, '0123456789');
    const headers = { 'content-length': String(5 * gibibyte - 9) };

    const response = await append(emulator, 'a', 10, '', {
      headers: { ...headers, expect: '100-continue' },
    });

    expect(response.status).toBe(400);
    expect(element(response, 'Code')).toBe('EntityTooLarge');
  });

  test('accepts a chunked body', async () => {
    await using emulator = await startEmulator();

    const response = await send(emulator, {
      method: 'POST',
      key: 'a',
      query: { append: '', position: '0' },
      headers: { 'transfer-encoding': 'chunked' },
      body: Buffer.alloc(300_000, 'abc'),
    });

    expect(response.headers['x-oss-next-append-position']).toBe('300000');
    expect((await emulator.read(bucket, 'a')).equals(Buffer.alloc(300_000, 'abc'))).toBe(true);
  });

  test.each(['append', 'append='])('accepts the parameter %s', async (flag) => {
    await using emulator = await startEmulator();
    const path = `/examplebucket/a?${flag}&position=0`;

    expect((await append(emulator, 'a', 0, 'x', { path })).status).toBe(200);
  });
});

test('AppendObject and HeadObject return the encryption key id of an object', async () => {
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
