import { describe, expect, test } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import { connect, waysByName } from './ali-oss-client.js';

/**
 * Keys that change if they are encoded twice or not at all. None has a segment of dots, because the
 * SDK removes those from the URL after it has signed it.
 */
const awkwardKeys = [
  'a b',
  ' leading and trailing ',
  'a+b',
  'a%b',
  'a%2Bb',
  'a%2Fb',
  'a%3get+meta.js',
  '是 空格 yeah +-/\\&*#(1) ',
  '杭州・中国',
  'ünïcödé',
  '😀.log',
  '?a',
  'a?append&position=0',
  'a&b=c',
  'a#b',
  '\'a\' "b" `c`',
  "!'()*~_-.",
  'a<b&c>d +',
  'a//b',
  'a/',
  '.a/..b/c../...',
  '\x01\n\f\x07Pc',
  'a\\b|c^d{e}[f]',
  'a:b@c,d;e=$',
];

/** Keys of the maximum length in bytes. */
const longKeys = [
  { scenario: 'ASCII', key: 'a'.repeat(1023) },
  { scenario: 'three bytes per character', key: '杭'.repeat(341) },
];

describe.each(waysByName)('ali-oss, $name', (way) => {
  test.each(awkwardKeys)('appends, reads and deletes the key %j', async (key) => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);

    await client.append(key, Buffer.from('foo'));

    expect(String(await emulator.read('examplebucket', key))).toBe('foo');
    expect(String((await client.get(key)).content)).toBe('foo');
    expect((await client.head(key)).res.headers['content-length']).toBe('3');
    expect((await client.delete(key)).res.status).toBe(204);
    await expect(client.head(key)).rejects.toMatchObject({ name: 'NoSuchKeyError' });
  });

  test.each(longKeys)('appends and reads a key of 1023 bytes, $scenario', async ({ key }) => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);

    await client.append(key, Buffer.from('foo'));

    expect(String((await client.get(key)).content)).toBe('foo');
    expect((await client.listV2({})).objects).toMatchObject([{ name: key }]);
  });

  test.each([
    { scenario: 'begins with a backslash', key: '\\a' },
    { scenario: 'has 1024 bytes', key: 'a'.repeat(1024) },
  ])('is refused a key that $scenario', async ({ key }) => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);

    await expect(client.append(key, Buffer.from('foo'))).rejects.toMatchObject({
      name: 'InvalidObjectNameError',
      status: 400,
    });
  });

  test('lists awkward keys and deletes them in one request', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    // XML 1.0 cannot represent most control characters, and the SDK trims spaces.
    const keys = awkwardKeys.filter((key) => key === key.trim() && !/\p{Cc}/u.test(key));
    for (const key of keys) await client.append(key, Buffer.from('foo'));

    const { objects } = await client.list({});
    const { objects: again } = await client.listV2({});
    const { deleted } = await client.deleteMulti(keys);

    expect(objects.map(({ name }) => name).sort()).toEqual([...keys].sort());
    expect(again.map(({ name }) => name)).toEqual(objects.map(({ name }) => name));
    expect(deleted.map(({ Key }) => Key)).toEqual(keys);
    expect((await client.listV2({})).keyCount).toBe(0);
  });
});
