import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadCrc64 } from '../../src/crc64.js';
import { NotAppendableError, type ObjectCreation, OssServiceError } from '../../src/index.js';
import { type Store, targets } from './targets.js';

const crc64 = await loadCrc64();
const [hello, world] = [Buffer.from('hello '), Buffer.from('oss append object')];

/** Checksums from another source, so that ours and the store's cannot share a mistake. */
const [helloCrc, wholeCrc] = [1_796_661_072_844_795_914n, 5_488_852_893_742_700_147n];

describe.each(targets)('AppendObject of $name', (target) => {
  let store: Store;
  beforeAll(async () => {
    store = await target.open();
  });
  afterAll(() => store[Symbol.asyncDispose]());

  test('creates an object at position 0', async () => {
    const key = store.key();

    const receipt = await store.client.appendObject(key, 0, hello, { create: {} });

    expect(receipt).toEqual({
      nextPosition: 6,
      crc64: helloCrc,
      requestId: expect.stringMatching(/^[0-9A-F]{24}$/),
    });
    expect(String(await store.read(key))).toBe('hello ');
  });

  test('extends an object at its length and returns the CRC-64 of the whole', async () => {
    const key = store.key();
    await store.client.appendObject(key, 0, hello);

    const receipt = await store.client.appendObject(key, 6, world);

    expect(receipt).toMatchObject({ nextPosition: 23, crc64: wholeCrc });
    expect(String(await store.read(key))).toBe('hello oss append object');
  });

  test('stores hundreds of kilobytes unchanged', async () => {
    const key = store.key();
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 31) % 251));

    await store.client.appendObject(key, 0, bytes.subarray(0, 1));
    const receipt = await store.client.appendObject(key, 1, bytes.subarray(1));

    expect(receipt).toMatchObject({ nextPosition: 300_000, crc64: crc64(bytes) });
    expect((await store.read(key)).equals(bytes)).toBe(true);
  });

  test.each([
    { scenario: 'at 0', position: 0 },
    { scenario: 'before the end', position: 3 },
    { scenario: 'beyond the end', position: 7 },
  ])('refuses a position other than the length: $scenario', async ({ position }) => {
    const key = store.key();
    await store.client.appendObject(key, 0, hello);

    const error = await store.client.appendObject(key, position, world).catch((reason) => reason);

    expect(error).toBeInstanceOf(OssServiceError);
    expect(error).toMatchObject({
      status: 409,
      ossCode: 'PositionNotEqualToLength',
      outcome: 'conflict',
      actualLength: 6,
    });
    expect(String(await store.read(key))).toBe('hello ');
  });

  test('accepts one of two appends at the same position', async () => {
    const key = store.key();
    await store.client.appendObject(key, 0, hello);
    const bodies = [Buffer.from('first'), Buffer.from('other')];

    const results = await Promise.allSettled(
      bodies.map((body) => store.client.appendObject(key, 6, body)),
    );

    const winners = results.flatMap(({ status }, index) => (status === 'fulfilled' ? index : []));
    expect(winners).toHaveLength(1);
    expect(String(await store.read(key))).toBe(`hello ${bodies[winners[0] ?? -1]}`);
  });

  test('creates an empty object from no bytes', async () => {
    const key = store.key();

    const { nextPosition } = await store.client.appendObject(key, 0, Buffer.alloc(0));
    const { crc64: crc } = await store.client.appendObject(key, 0, hello);

    expect(nextPosition).toBe(0);
    expect(crc).toBe(helloCrc);
  });

  test('returns position and CRC-64 for an append of no bytes, and changes nothing', async () => {
    const key = store.key();
    await store.client.appendObject(key, 0, hello);

    const receipt = await store.client.appendObject(key, 6, Buffer.alloc(0));
    const refusal = store.client.appendObject(key, 5, Buffer.alloc(0));

    expect(receipt).toMatchObject({ nextPosition: 6, crc64: helloCrc });
    await expect(refusal).rejects.toMatchObject({ outcome: 'conflict', actualLength: 6 });
    expect(String(await store.read(key))).toBe('hello ');
  });

  test('refuses to extend an object that was put, even at its end', async () => {
    const key = store.key();
    await store.put(key, 'hello ');

    const error = await store.client.appendObject(key, 6, world).catch((reason) => reason);

    expect(error).toBeInstanceOf(NotAppendableError);
    expect(error).toMatchObject({ key, outcome: 'fatal' });
    expect(String(await store.read(key))).toBe('hello ');
  });

  test('starts at 0 again after the object was deleted', async () => {
    const key = store.key();
    await store.client.appendObject(key, 0, hello);
    await store.delete(key);

    const receipt = await store.client.appendObject(key, 0, world);

    expect(receipt).toMatchObject({ nextPosition: 17, crc64: crc64(world) });
    expect(String(await store.read(key))).toBe('oss append object');
  });

  test('stores nothing of a body with a wrong Content-MD5', async () => {
    const key = store.key();
    const md5 = (content: string) => createHash('md5').update(content).digest('base64');

    await expect(store.appendWithMd5(key, 'hello ', md5('other'))).rejects.toThrow('InvalidDigest');
    expect(await store.client.headObject(key)).toBeUndefined();
    await store.appendWithMd5(key, 'hello ', md5('hello '));

    expect(String(await store.read(key))).toBe('hello ');
  });
});

const create: ObjectCreation = {
  contentType: 'text/plain; charset=utf-8',
  cacheControl: 'no-cache',
  contentDisposition: 'attachment; filename="a b.log"',
  contentEncoding: 'identity',
  expires: new Date('2040-12-28T10:27:41Z'),
  metadata: { author: 'alice', 'Shoe-Size': '42' },
};

const created = {
  'content-type': 'text/plain; charset=utf-8',
  'cache-control': 'no-cache',
  'content-disposition': 'attachment; filename="a b.log"',
  'content-encoding': 'identity',
  expires: 'Fri, 28 Dec 2040 10:27:41 GMT',
  'x-oss-meta-author': 'alice',
  'x-oss-meta-shoe-size': '42',
};

describe.each(targets)('The headers of an object of $name', (target) => {
  let store: Store;
  beforeAll(async () => {
    store = await target.open();
  });
  afterAll(() => store[Symbol.asyncDispose]());

  test('are those of the append that created it', async () => {
    const key = store.key();

    await store.client.appendObject(key, 0, Buffer.from('hello'), { create });

    expect(await store.headers(key)).toMatchObject(created);
  });

  test('stay the same while it grows', async () => {
    const key = store.key();
    await store.client.appendObject(key, 0, Buffer.from('hello'), { create });

    await store.client.appendObject(key, 5, Buffer.from(' world'));

    expect(await store.headers(key)).toMatchObject({ ...created, 'content-length': '11' });
  });

  test('are those of an append of no bytes if it created the object', async () => {
    const key = store.key();

    await store.client.appendObject(key, 0, Buffer.alloc(0), { create });
    await store.client.appendObject(key, 0, Buffer.from('hello'));

    expect(await store.headers(key)).toMatchObject({ ...created, 'content-length': '5' });
  });
});
