import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Credentials, OssClient, OssServiceError } from '../../src/index.js';
import { type Store, targets } from './targets.js';

const body = Buffer.from('hello');

const names = [
  'a b+c',
  'a%2Bb%2Fc%',
  '杭州・中国',
  '😀.log',
  '?append&position=0#a=b',
  '\'a\' "b" <c> (d) !*~',
  'a//b/',
  'a:b@c,d;e=$\\|^{}[]`',
];

describe.each(targets)('Keys of $name', (target) => {
  let store: Store;
  beforeAll(async () => {
    store = await target.open();
  });
  afterAll(() => store[Symbol.asyncDispose]());

  test.each(names)('may be %j, and mean the same to another client', async (name) => {
    const key = store.key(name);

    await store.client.appendObject(key, 0, body);

    expect(await store.client.headObject(key)).toMatchObject({ length: 5 });
    expect(await text(await store.client.getObject(key))).toBe('hello');
    expect(String(await store.read(key))).toBe('hello');
  });

  test('may have 1023 bytes', async () => {
    const key = store.key('a'.repeat(1023 - store.key('').length));

    await store.client.appendObject(key, 0, body);

    expect(key).toHaveLength(1023);
    expect(await store.client.headObject(key)).toMatchObject({ length: 5 });
    expect(String(await store.read(key))).toBe('hello');
  });
});

describe.each(targets)('$name refuses', (target) => {
  let store: Store;
  beforeAll(async () => {
    store = await target.open();
  });
  afterAll(() => store[Symbol.asyncDispose]());

  function clientWith(credentials: Partial<Credentials>, bucket = store.connection.bucket) {
    const client = new OssClient({
      ...store.connection,
      bucket,
      credentials: { ...store.connection.credentials, ...credentials },
    });
    onTestFinished(() => client.close());
    return client;
  }

  test('a signature made with another secret, on every request', async () => {
    const client = clientWith({ accessKeySecret: 'not-the-secret' });
    const key = store.key();

    for (const request of [
      () => client.appendObject(key, 0, body),
      () => client.headObject(key),
      () => client.getObject(key),
    ]) {
      const error = await request().catch((reason) => reason);
      expect(error).toBeInstanceOf(OssServiceError);
      expect(error).toMatchObject({
        status: 403,
        ossCode: 'SignatureDoesNotMatch',
        outcome: 'fatal',
      });
    }
    expect(await store.client.headObject(key)).toBeUndefined();
  });

  test('an access key that does not exist', async () => {
    const accessKeyId = `none${randomUUID().replaceAll('-', '')}`;
    const client = clientWith({ accessKeyId, securityToken: undefined });

    await expect(client.appendObject(store.key(), 0, body)).rejects.toMatchObject({
      status: 403,
      ossCode: 'InvalidAccessKeyId',
      outcome: 'fatal',
    });
  });

  test('an append to a bucket that does not exist', async () => {
    const client = clientWith({}, `oss-append-stream-${randomUUID().slice(0, 18)}`);

    await expect(client.appendObject('a.log', 0, body)).rejects.toMatchObject({
      status: 404,
      ossCode: 'NoSuchBucket',
      outcome: 'fatal',
    });
  });
});
