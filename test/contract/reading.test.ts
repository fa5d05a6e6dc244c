import { randomUUID } from 'node:crypto';
import { buffer, text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { OssClient, OssServiceError } from '../../src/index.js';
import { type Store, targets } from './targets.js';

const body = Buffer.from('hello oss append object');
const bodyCrc = 5_488_852_893_742_700_147n;

describe.each(targets)('HeadObject of $name', (target) => {
  let store: Store;
  beforeAll(async () => {
    store = await target.open();
  });
  afterAll(() => store[Symbol.asyncDispose]());

  test('describes an appendable object', async () => {
    const key = store.key();
    await store.client.appendObject(key, 0, body);

    expect(await store.client.headObject(key)).toEqual({
      length: 23,
      crc64: bodyCrc,
      appendable: true,
      sealed: false,
      objectType: 'Appendable',
      etag: expect.stringMatching(/./),
      creation: expect.objectContaining({ contentType: 'application/octet-stream' }),
    });
    expect(await store.headers(key)).toMatchObject({
      'content-length': '23',
      'x-oss-next-append-position': '23',
      'x-oss-hash-crc64ecma': String(bodyCrc),
    });
  });

  test('sees an append as soon as it has been answered', async () => {
    const key = store.key();
    const lengths: unknown[] = [];

    for (const position of [0, 1, 2, 3, 4]) {
      await store.client.appendObject(key, position, body.subarray(position, position + 1));
      lengths.push((await store.client.headObject(key))?.length);
    }

    expect(lengths).toEqual([1, 2, 3, 4, 5]);
  });

  test('describes an empty object', async () => {
    const key = store.key();
    await store.client.appendObject(key, 0, Buffer.alloc(0));

    expect(await store.client.headObject(key)).toMatchObject({ length: 0, appendable: true });
  });

  test('describes an object that was put as not appendable', async () => {
    const key = store.key();
    await store.put(key, String(body));

    expect(await store.client.headObject(key)).toMatchObject({
      length: 23,
      appendable: false,
      objectType: 'Normal',
    });
  });

  test('returns undefined for an object that does not exist yet, or no longer', async () => {
    const key = store.key();
    const before = await store.client.headObject(key);
    await store.client.appendObject(key, 0, body);
    await store.delete(key);

    expect([before, await store.client.headObject(key)]).toEqual([undefined, undefined]);
  });

  test('distinguishes a missing bucket from a missing key', async () => {
    const bucket = `oss-append-stream-${randomUUID().slice(0, 18)}`;
    const client = new OssClient({ ...store.connection, bucket });
    onTestFinished(() => client.close());

    const error = await client.headObject('a.log').catch((reason) => reason);

    // An answer to HEAD has no body: the code comes in `x-oss-err`.
    expect(error).toBeInstanceOf(OssServiceError);
    expect(error).toMatchObject({ status: 404, ossCode: 'NoSuchBucket', outcome: 'fatal' });
  });
});

describe.each(targets)('GetObject of $name', (target) => {
  let store: Store;
  let key: string;
  beforeAll(async () => {
    store = await target.open();
    key = store.key();
    await store.client.appendObject(key, 0, Buffer.from('hello '));
    await store.client.appendObject(key, 6, Buffer.from('oss append object'));
  });
  afterAll(() => store[Symbol.asyncDispose]());

  test('returns the whole object', async () => {
    expect(await text(await store.client.getObject(key))).toBe('hello oss append object');
  });

  test.each([
    { scenario: 'at the start', range: { start: 0, end: 5 }, received: 'hello' },
    { scenario: 'across two appends', range: { start: 4, end: 9 }, received: 'o oss' },
    { scenario: 'of one byte', range: { start: 22, end: 23 }, received: 't' },
    { scenario: 'without an end', range: { start: 17 }, received: 'object' },
    { scenario: 'that ends beyond the object', range: { start: 17, end: 99 }, received: 'object' },
  ])('returns a range $scenario', async ({ range, received }) => {
    expect(await text(await store.client.getObject(key, range))).toBe(received);
  });

  test('returns nothing for a range that starts at the end of the object', async () => {
    expect(await text(await store.client.getObject(key, { start: 23, end: 24 }))).toBe('');
  });

  test('returns an object with the entity tag that is required, and no other one', async () => {
    const { etag = '' } = (await store.client.headObject(key)) ?? {};
    const range = { start: 0, end: 5 };

    expect(await text(await store.client.getObject(key, { ...range, ifMatch: etag }))).toBe(
      'hello',
    );
    await expect(
      store.client.getObject(key, { ...range, ifMatch: '"another"' }),
    ).rejects.toMatchObject({ status: 412, outcome: 'fatal' });
  });

  test('rejects for a key that does not exist', async () => {
    await expect(store.client.getObject(store.key())).rejects.toMatchObject({
      status: 404,
      ossCode: 'NoSuchKey',
    });
  });

  test('returns an empty object', async () => {
    const empty = store.key();
    await store.client.appendObject(empty, 0, Buffer.alloc(0));

    expect(await buffer(await store.client.getObject(empty))).toHaveLength(0);
  });
});
