import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { AppendWritable, type AppendWritableOptions } from '../../src/index.js';
import { type Store, targets } from './targets.js';

describe.each(targets)('AppendWritable into $name', (target) => {
  let store: Store;
  beforeAll(async () => {
    store = await target.open();
  });
  afterAll(() => store[Symbol.asyncDispose]());

  function open(key: string, options: Partial<AppendWritableOptions> = {}): AppendWritable {
    const stream = new AppendWritable({ client: store.client, key, ...options });
    onTestFinished(() => {
      stream.destroy();
    });
    return stream;
  }

  async function read(key: string): Promise<string> {
    return String(await store.read(key));
  }

  test('creates an object with all written bytes, in chunks', async () => {
    const key = store.key();
    const lines = Array.from({ length: 500 }, (_, index) => `line ${index}\n`);
    const stream = open(key, { chunkSize: 1024 });

    await pipeline(Readable.from(lines), stream);

    const content = lines.join('');
    expect(await read(key)).toBe(content);
    expect(stream).toMatchObject({ bytesWritten: content.length, position: content.length });
    expect(stream.stats).toMatchObject({ appends: Math.ceil(content.length / 1024), retries: 0 });
  });

  test('creates a client of its own from connection options', async () => {
    const key = store.key();
    const stream = new AppendWritable({ ...store.connection, key });

    await pipeline(['hello'], stream);

    expect(await read(key)).toBe('hello');
  });

  test('continues at the end of an object and keeps its headers', async () => {
    const key = store.key();
    await pipeline(['first '], open(key, { contentType: 'text/plain', metadata: { by: 'a' } }));

    const stream = open(key, { contentType: 'text/html', metadata: { by: 'b' } });
    const ready = new Promise((resolve) => stream.once('ready', resolve));
    await pipeline(['second'], stream);

    expect(await ready).toEqual({ key, position: 6 });
    expect(await read(key)).toBe('first second');
    expect(await store.headers(key)).toMatchObject({
      'content-type': 'text/plain',
      'x-oss-meta-by': 'a',
    });
  });

  test('has committed the earlier writes when flush() resolves', async () => {
    const key = store.key();
    const stream = open(key, { flushInterval: Number.POSITIVE_INFINITY });

    stream.write('hello ');
    await stream.flush();
    const flushed = await read(key);
    stream.end('world');
    await new Promise((resolve) => stream.once('finish', resolve));

    expect(flushed).toBe('hello ');
    expect(await read(key)).toBe('hello world');
  });

  test('resolves append() with the place of its bytes in the object', async () => {
    const key = store.key();
    await store.client.appendObject(key, 0, Buffer.from('before '));
    const stream = open(key, { flushInterval: 0 });

    const results = await Promise.all([stream.append('first'), stream.append(' second')]);

    expect(results).toEqual([
      { key, start: 7, end: 12 },
      { key, start: 12, end: 19 },
    ]);
    expect(await read(key)).toBe('before first second');
  });

  test('creates an empty object when it ends without a write', async () => {
    const key = store.key();

    await pipeline(Readable.from([]), open(key));

    expect(await store.client.headObject(key)).toMatchObject({ length: 0, appendable: true });
  });

  test("refuses an object that exists, with flags: 'ax'", async () => {
    const key = store.key();
    await pipeline(['first'], open(key, { flags: 'ax' }));

    const again = pipeline(['second'], open(key, { flags: 'ax' }));

    await expect(again).rejects.toMatchObject({ code: 'APPEND_ERR_EXISTS', key });
    expect(await read(key)).toBe('first');
  });

  test('continues only at the position of its options', async () => {
    const key = store.key();
    await pipeline(['first '], open(key, { position: 0 }));
    await pipeline(['second'], open(key, { position: 6 }));

    const again = pipeline(['second'], open(key, { position: 6 }));

    await expect(again).rejects.toMatchObject({
      code: 'APPEND_ERR_DIVERGED',
      position: 6,
      actualLength: 12,
    });
    expect(await read(key)).toBe('first second');
  });

  test('refuses an object that was put', async () => {
    const key = store.key();
    await store.put(key, 'normal');

    await expect(pipeline(['hello'], open(key))).rejects.toMatchObject({
      code: 'APPEND_ERR_NOT_APPENDABLE',
      objectType: 'Normal',
    });
    expect(await read(key)).toBe('normal');
  });
});
