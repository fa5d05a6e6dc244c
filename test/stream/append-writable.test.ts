import { once } from 'node:events';
import { finished, pipeline } from 'node:stream/promises';
import { Agent, buildConnector } from 'undici';
import { describe, expect, test } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import { AppendWritable } from '../../src/index.js';
import { ScriptedClient } from '../append/scripted-client.js';
import { connectionTo, openStream } from '../helpers/open-stream.js';

const bucket = 'examplebucket';

describe('write()', () => {
  const encodings: BufferEncoding[] = [
    ...(['utf8', 'utf-8', 'utf16le', 'ucs2', 'latin1', 'binary', 'ascii'] as const),
    ...(['hex', 'base64', 'base64url'] as const),
  ];

  test.each(encodings)('encodes strings in %s as Buffer does', async (encoding) => {
    await using emulator = await startEmulator();
    const stream = openStream(emulator, 'a.log', { chunkSize: 5 });
    const texts = { hex: 'c3a9f09f9880', base64: 'w6nwn5iA8J+YgA==', base64url: 'w6nwn5iA8J-YgA' };
    const text = Reflect.get(texts, encoding) ?? 'aé€😀z';

    for (let i = 0; i < 4; i++) stream.write(text, encoding);
    stream.end();
    await finished(stream);

    const expected = Buffer.from(text, encoding);
    expect(await emulator.read(bucket, 'a.log')).toEqual(
      Buffer.concat([expected, expected, expected, expected]),
    );
  });

  test('uses the encoding of setDefaultEncoding() and of the defaultEncoding option', async () => {
    await using emulator = await startEmulator();
    const stream = openStream(emulator, 'a.log', { defaultEncoding: 'hex' });

    stream.write('6869');
    stream.write('6a');
    stream.setDefaultEncoding('utf8');
    stream.write('é');
    stream.setDefaultEncoding('latin1');
    stream.write('é');
    stream.write('é', 'utf8');
    stream.end('é');
    await finished(stream);

    const appended = await emulator.read(bucket, 'a.log');
    expect(appended.toString('hex')).toBe('68696ac3a9e9c3a9e9');
  });

  test('accepts null as the default encoding, as Node does', async () => {
    await using emulator = await startEmulator();
    // Not in the types, but Node accepts it.
    const options = { defaultEncoding: null } as unknown as { defaultEncoding: 'utf8' };
    const stream = openStream(emulator, 'a.log', options);

    stream.end('é');
    await finished(stream);

    expect(String(await emulator.read(bucket, 'a.log'))).toBe('é');
  });

  test('calls the override of a subclass once for a write with a callback', async () => {
    await using emulator = await startEmulator();
    const seen: unknown[] = [];
    class Counting extends AppendWritable {
      override write(data: unknown, encoding?: never, callback?: never): boolean {
        seen.push(data);
        return super.write(data, encoding, callback);
      }
    }
    const stream = new Counting({ ...connectionTo(emulator), key: 'a.log' });

    Reflect.apply(stream.write, stream, ['a', () => {}]);
    Reflect.apply(stream.write, stream, ['b', 'latin1', () => {}]);
    await finished(stream.end());

    expect(seen).toEqual(['a', 'b']);
    expect(String(await emulator.read(bucket, 'a.log'))).toBe('ab');
  });

  test('uses the encoding of setDefaultEncoding() after UTF-8 was the default', async () => {
    await using emulator = await startEmulator();
    const stream = openStream(emulator, 'a.log');

    stream.write('é');
    stream.setDefaultEncoding('latin1');
    stream.write('é');
    stream.end();
    await finished(stream);

    const appended = await emulator.read(bucket, 'a.log');
    expect(appended.toString('hex')).toBe('c3a9e9');
  });

  test.each([1, 2, 3, 4, 5, 6, 7])(
    'keeps multi-byte characters whole across chunks of %d bytes',
    async (chunkSize) => {
      await using emulator = await startEmulator();
      const stream = openStream(emulator, 'a.log', { chunkSize });
      const text = 'a😀é€\u{10348}z';

      for (const character of text) stream.write(character);
      stream.end(text);
      await finished(stream);

      expect(String(await emulator.read(bucket, 'a.log'))).toBe(text + text);
    },
  );

  const chunkSize = 1000;
  test.each([0, 1, chunkSize - 1, chunkSize, chunkSize + 1, 3 * chunkSize])(
    'appends %d bytes as Buffer, Uint8Array and string, each acknowledged',
    async (length) => {
      await using emulator = await startEmulator();
      const stream = openStream(emulator, 'a.log', { chunkSize, flushInterval: 0 });
      const text = Array.from({ length }, (_, i) => String.fromCharCode(97 + (i % 26))).join('');

      await Promise.all([
        new Promise((resolve) => stream.write(Buffer.from(text), resolve)),
        new Promise((resolve) => stream.write(new Uint8Array(Buffer.from(text)), resolve)),
        new Promise((resolve) => stream.write(text, 'utf8', resolve)),
      ]);
      await stream[Symbol.asyncDispose]();

      expect(String(await emulator.read(bucket, 'a.log'))).toBe(text + text + text);
      const appends = emulator.requests.filter(({ operation }) => operation === 'append');
      expect(Math.max(...appends.map(({ byteLength }) => byteLength))).toBeLessThanOrEqual(
        chunkSize,
      );
    },
  );

  test('lets the caller overwrite its buffer once the callback has run', async () => {
    await using emulator = await startEmulator();
    emulator.faults.add({ kind: 'drop-request', operation: 'append', nth: 2 });
    const stream = openStream(emulator, 'a.log', { chunkSize: 4, flushInterval: 0 });
    const buffer = Buffer.alloc(10);

    for (const letter of 'abc') {
      buffer.fill(letter);
      await new Promise((resolve) => stream.write(buffer, resolve));
    }
    stream.end();
    await finished(stream);

    const expected = 'a'.repeat(10) + 'b'.repeat(10) + 'c'.repeat(10);
    expect(String(await emulator.read(bucket, 'a.log'))).toBe(expected);
  });

  test('keeps the order of writes that wait for room, are corked, or come from listeners', async () => {
    await using emulator = await startEmulator();
    // Room for 9.5 chunks in addition to Node's own queue: more as soon as one is sent.
    const highWaterMark = 65_536 + 10 + 95;
    const stream = openStream(emulator, 'a.log', { chunkSize: 10, highWaterMark });
    let expected = '';
    const write = (text: string, callback?: () => void) => {
      expected += text;
      stream.write(text, callback);
    };
    const onCommit = () => write('!');
    stream.on('commit', onCommit);

    write('a');
    write('b', () => write('?'));
    stream.cork();
    write('c', () => {});
    write('d');
    stream.uncork();
    for (let count = 0; count < 9; count++) write('more than there is room for');
    await stream.flush();
    stream.off('commit', onCommit);
    write('e');
    write('f');
    stream.end();
    await finished(stream);

    expect(String(await emulator.read(bucket, 'a.log'))).toBe(expected);
  });

  test('holds back writes while the stream is corked', async () => {
    await using emulator = await startEmulator();
    const stream = openStream(emulator, 'a.log', { flushInterval: 0 });

    stream.write('a');
    stream.cork();
    stream.write('b');
    await once(stream, 'commit');
    expect(stream.position).toBe(1);
    stream.end();
    await finished(stream);

    expect(String(await emulator.read(bucket, 'a.log'))).toBe('ab');
  });

  test('passes all data through an overridden _write()', async () => {
    await using emulator = await startEmulator();
    const stream = openStream(emulator, 'a.log');

    stream.write('ab');
    stream._write = (data, encoding, callback) => {
      AppendWritable.prototype._write.call(stream, Buffer.from(`<${data}>`), encoding, callback);
    };
    stream.write('cd');
    stream.write(Buffer.from('ef'));
    stream.end();
    await finished(stream);

    expect(String(await emulator.read(bucket, 'a.log'))).toBe('ab<cd><ef>');
  });

  test('calls its callback with null only, and ignores a callback that is not a function', async () => {
    await using emulator = await startEmulator();
    const stream = openStream(emulator, 'a.log');

    stream.write('aa', 'utf8', 'no function' as never);
    const args = new Promise((resolve) => stream.write('bb', (...given) => resolve(given)));
    stream.end();

    expect(await args).toEqual([null]);
    expect(String(await emulator.read(bucket, 'a.log'))).toBe('aabb');
  });

  test("refuses the encoding 'buffer' for strings, and other types, and accepts the next write", async () => {
    await using emulator = await startEmulator();
    const stream = openStream(emulator, 'a.log');

    expect(() => stream.write('aa', 'buffer' as BufferEncoding)).toThrow(TypeError);
    expect(() => stream.end('aa', 'buffer' as BufferEncoding)).toThrow(TypeError);
    expect(() => stream.write(null)).toThrow(/null/);
    expect(() => stream.write(5, () => {})).toThrow(TypeError);
    stream.write('aa');
    expect(() => stream.write(['a'])).toThrow(/string or an instance of Buffer/);
    expect(() => stream.write('aa', 'utf9' as BufferEncoding)).toThrow(/Unknown encoding: utf9/);
    const acknowledged = new Promise((resolve) => stream.write('bb', resolve));
    stream.end();
    await acknowledged;

    expect(String(await emulator.read(bucket, 'a.log'))).toBe('aabb');
  });
});

describe('flushInterval', () => {
  test('sends a partial chunk when its oldest byte is old enough', async () => {
    await using emulator = await startEmulator();
    const stream = openStream(emulator, 'a.log', { flushInterval: 30 });
    const started = performance.now();

    await new Promise((resolve) => stream.write('a', resolve));

    expect(performance.now() - started).toBeGreaterThanOrEqual(29);
    expect(String(await emulator.read(bucket, 'a.log'))).toBe('a');
  });

  test.each([
    { name: 'an odd hexadecimal digit', data: 'a', encoding: 'hex' },
    { name: 'a string without base64 digits', data: '=', encoding: 'base64' },
    { name: 'an empty string', data: '', encoding: 'utf8' },
    { name: 'no bytes', data: new Uint8Array(0), encoding: 'utf8' },
  ] as const)('counts from the first byte behind $name', async ({ data, encoding }) => {
    await using emulator = await startEmulator();
    const stream = openStream(emulator, 'a.log', { flushInterval: 10 });

    stream.write(data, encoding);
    stream.write('one\n');
    await once(stream, 'commit');

    expect(String(await emulator.read(bucket, 'a.log'))).toBe('one\n');
  });

  test('0 sends writes of the same tick together', async () => {
    await using emulator = await startEmulator();
    const stream = openStream(emulator, 'a.log', { flushInterval: 0 });
    await once(stream, 'ready');

    stream.write('a');
    stream.write('b');
    await new Promise((resolve) => stream.write('c', resolve));

    const appends = emulator.requests.filter(({ operation }) => operation === 'append');
    expect(appends.map(({ byteLength }) => byteLength)).toEqual([3]);
  });

  test.each(['€', Buffer.from('€')])(
    'Infinity does not wait when a chunk is exactly full: %o',
    async (rest) => {
      await using emulator = await startEmulator();
      const stream = openStream(emulator, 'a.log', { chunkSize: 4, flushInterval: Infinity });

      await once(stream, 'ready');
      stream.write('a');
      stream.write(rest);
      await once(stream, 'commit');

      expect(String(await emulator.read(bucket, 'a.log'))).toBe('a€');
    },
  );

  test('Infinity waits for a full chunk, flush() or end()', async () => {
    await using emulator = await startEmulator();
    const stream = openStream(emulator, 'a.log', { chunkSize: 4, flushInterval: Infinity });

    stream.write('aaaab');
    await once(stream, 'commit');
    expect(stream.position).toBe(4);
    await stream.flush();
    expect(stream.position).toBe(5);
    stream.end('c');
    await finished(stream);

    expect(String(await emulator.read(bucket, 'a.log'))).toBe('aaaabc');
  });
});

describe('a client that answers before the event loop turns', () => {
  test.each([5, 6, 7, 8, 16])(
    'gets all of a write of %d bytes in chunks of 2, although only full chunks are sent',
    async (length) => {
      const client = new ScriptedClient();
      const options = { chunkSize: 2, flushInterval: Number.POSITIVE_INFINITY };
      const stream = new AppendWritable({ client, key: 'a.log', ...options });

      await finished(stream.end('abcdefghijklmnop'.slice(0, length)));

      expect(stream.bytesWritten).toBe(length);
    },
  );
});

describe('flush()', () => {
  test('resolves at once, and calls back, when there are no bytes to commit', async () => {
    await using emulator = await startEmulator();
    const stream = openStream(emulator, 'a.log');

    await stream.flush();
    await new Promise((resolve) => stream.flush(resolve));

    expect(stream.flush).toHaveLength(1);
  });

  test("commits corked writes and those in Node's queue, and keeps the stream open", async () => {
    await using emulator = await startEmulator();
    const stream = openStream(emulator, 'a.log', { chunkSize: 4 });

    stream.cork();
    stream.write('aaaabbbb');
    stream.write('cccc');
    stream.write('d');
    await stream.flush();
    expect(String(await emulator.read(bucket, 'a.log'))).toBe('aaaabbbbccccd');
    stream.end('e');
    await finished(stream);

    expect(String(await emulator.read(bucket, 'a.log'))).toBe('aaaabbbbccccde');
  });

  test('waits for a string whose rest has more bytes than Node counts', async () => {
    await using emulator = await startEmulator();
    const stream = openStream(emulator, 'a.log', { chunkSize: 4, flushInterval: Infinity });
    const lengths: number[] = [];
    stream.on('commit', () => lengths.push(stream.writableLength));

    stream.write('€€€€');
    await once(stream, 'commit');
    await stream.flush();

    expect(String(await emulator.read(bucket, 'a.log'))).toBe('€€€€');
    expect(lengths.every((length) => length >= 0 && length <= 8)).toBe(true);
  });

  test('refuses a callback that is not a function', async () => {
    await using emulator = await startEmulator();
    const stream = openStream(emulator, 'a.log');

    expect(() => stream.flush(5 as never)).toThrow(TypeError);
  });

  test("waits for 'finish' after end()", async () => {
    await using emulator = await startEmulator();
    emulator.faults.add({ kind: 'delay', operation: 'append', delay: 20 });
    const stream = openStream(emulator, 'a.log');

    stream.end('a');
    await stream.flush();

    expect(stream.writableFinished).toBe(true);
    expect(String(await emulator.read(bucket, 'a.log'))).toBe('a');
    await stream.flush();
  });

  test('rejects with ERR_STREAM_DESTROYED after a plain destroy()', async () => {
    await using emulator = await startEmulator();
    const stream = openStream(emulator, 'a.log');
    stream.write('a');
    const pending = stream.flush();

    stream.destroy();

    await expect(pending).rejects.toMatchObject({ code: 'ERR_STREAM_DESTROYED' });
    await expect(stream.flush()).rejects.toMatchObject({ code: 'ERR_STREAM_DESTROYED' });
    await expect(stream.append('b')).rejects.toMatchObject({ code: 'ERR_STREAM_DESTROYED' });
  });
});

describe('append()', () => {
  test('resolves with the place of the bytes in the object', async () => {
    await using emulator = await startEmulator();
    await using first = openStream(emulator, 'a.log');
    first.end('before');
    await finished(first);
    const stream = openStream(emulator, 'a.log', { chunkSize: 3, flushInterval: 0 });

    const results = await Promise.all(['aaaa', '', 'é'].map((text) => stream.append(text)));

    expect(results).toEqual([
      { key: 'a.log', start: 6, end: 10 },
      { key: 'a.log', start: 10, end: 10 },
      { key: 'a.log', start: 10, end: 12 },
    ]);
  });
});

describe('end()', () => {
  test('creates an empty object, if none exists, when nothing was written', async () => {
    await using emulator = await startEmulator();
    const stream = openStream(emulator, 'a.log');

    stream.end();
    await finished(stream);

    expect(await emulator.read(bucket, 'a.log')).toHaveLength(0);
  });

  test('sends no append, if the object exists, when nothing was written', async () => {
    await using emulator = await startEmulator();
    await pipeline(['aaaa'], openStream(emulator, 'a.log'));
    const before = emulator.requests.length;

    await pipeline([], openStream(emulator, 'a.log'));

    expect(emulator.requests.slice(before).map(({ operation }) => operation)).toEqual(['head']);
  });
});

describe('[Symbol.asyncDispose]()', () => {
  test('commits everything that was written', async () => {
    await using emulator = await startEmulator();
    {
      await using stream = openStream(emulator, 'a.log');
      stream.write('aaaa');
    }
    expect(String(await emulator.read(bucket, 'a.log'))).toBe('aaaa');
  });

  test('rejects when the bytes cannot be committed', async () => {
    await using emulator = await startEmulator();
    emulator.faults.add({ kind: 'forbid', operation: 'append' });
    const stream = openStream(emulator, 'a.log');
    stream.write('aaaa');

    await expect(stream[Symbol.asyncDispose]()).rejects.toMatchObject({
      code: 'APPEND_ERR_SERVICE',
      ossCode: 'AccessDenied',
    });
  });
});

describe('crc64', () => {
  test('is the confirmed checksum of the whole object up to the position', async () => {
    await using emulator = await startEmulator();
    await finished(openStream(emulator, 'a.log').end('1234'));
    const stream = openStream(emulator, 'a.log', { chunkSize: 3 });
    const before = stream.crc64;

    await stream.append('56789');

    expect(before).toBe(undefined);
    expect(stream.crc64).toBe(11051210869376104954n);
    stream.destroy();
  });

  test("is the checksum that OSS returns with verify 'none', and unknown if it returns none", async () => {
    await using emulator = await startEmulator();
    const told = openStream(emulator, 'a.log', { verify: 'none' });
    await finished(told.end('123456789'));
    emulator.faults.add({ kind: 'hide-crc', operation: 'head' });
    const untold = openStream(emulator, 'a.log');
    await once(untold, 'ready');

    expect(told.crc64).toBe(11051210869376104954n);
    expect(untold.crc64).toBe(undefined);
    untold.destroy();
  });
});

describe('position, bytesWritten, writableLength and stats', () => {
  test('are never ahead of the object in the emulator', async () => {
    await using emulator = await startEmulator();
    const stream = openStream(emulator, 'a.log', { chunkSize: 10, highWaterMark: 40 });
    const overstated: string[] = [];
    stream.on('commit', async () => {
      const { position, bytesWritten } = stream;
      const { length } = await emulator.read(bucket, 'a.log');
      if ((position ?? 0) > length || bytesWritten > length) overstated.push(`${position}`);
    });

    for (let i = 0; i < 20; i++) stream.write('x'.repeat(7));
    expect(stream.writableLength).toBe(140);
    expect(stream.writableHighWaterMark).toBe(40);
    expect(stream.position).toBeUndefined();
    stream.end();
    await finished(stream);

    expect(overstated).toEqual([]);
    expect(stream.writableLength).toBe(0);
    expect(stream.bytesWritten).toBe(140);
    expect(stream.stats).toMatchObject({
      bytesAccepted: 140,
      bytesCommitted: 140,
      bytesInFlight: 0,
      appends: 14,
      attempts: 14,
      retries: 0,
      reconciles: 0,
    });
  });
});

describe("the 'ready', 'commit', 'retry' and 'reconcile' events", () => {
  test('report the steps of the stream in order', async () => {
    await using emulator = await startEmulator();
    emulator.faults.add({ kind: 'drop-request', operation: 'append', nth: 1 });
    emulator.faults.add({ kind: 'error-500-after', operation: 'append', nth: 3 });
    const stream = openStream(emulator, 'a.log', { chunkSize: 4 });
    const seen: unknown[] = [];
    for (const event of ['ready', 'commit', 'retry', 'reconcile']) {
      stream.on(event, (payload) => seen.push([event, payload]));
    }

    await pipeline(['aaaa', 'bbbb'], stream);

    const key = 'a.log';
    const commit = { key, byteLength: 4, duration: expect.any(Number) };
    expect(seen).toEqual([
      ['ready', { key, position: 0 }],
      ['reconcile', { key, outcome: 'not-committed', position: 0 }],
      ['retry', { error: expect.any(Error), attemptNumber: 1, retriesLeft: 3 }],
      ['reconcile', { key, outcome: 'not-committed', position: 0 }],
      ['commit', { ...commit, position: 0, attempts: 2, requestId: expect.any(String) }],
      ['retry', { error: expect.any(Error), attemptNumber: 1, retriesLeft: 3 }],
      ['reconcile', { key, outcome: 'committed', position: 4 }],
      ['commit', { ...commit, position: 4, attempts: 1, requestId: undefined }],
    ]);
  });
});

describe('creation options', () => {
  test('apply once, when the object is created', async () => {
    await using emulator = await startEmulator({ credentials: {} });
    emulator.faults.add({ kind: 'drop-request', operation: 'append', nth: 1 });
    const credentials = { accessKeyId: 'any', accessKeySecret: 'any' };
    const first = { credentials, contentType: 'text/plain', metadata: { source: 'first' } };
    const second = { credentials, contentType: 'image/png', metadata: { source: 'second' } };

    await pipeline(['aaaa'], openStream(emulator, 'a.log', first));
    await pipeline(['bbbb'], openStream(emulator, 'a.log', second));

    const { headers } = await fetch(`${emulator.endpoint}/examplebucket/a.log`, { method: 'HEAD' });
    expect(headers.get('content-type')).toBe('text/plain');
    expect(headers.get('x-oss-meta-source')).toBe('first');
    expect(String(await emulator.read(bucket, 'a.log'))).toBe('aaaabbbb');
  });
});

describe('key', () => {
  test.each([
    'a b+c%25?d#e&f=g',
    '日志/ünïcödé 😀.log',
    './a/../b/.',
    '..',
    'a//b///',
    '%2e%2e/a',
    'a\\b:"c"<d>|e*\u0001',
    'x'.repeat(1023),
  ])('%s arrives unchanged, in path and in virtual-host style', async (key) => {
    await using emulator = await startEmulator();
    // Resolves the host name of the bucket to the emulator.
    const { hostname, port } = new URL(emulator.endpoint);
    const connector = buildConnector({});
    const dispatcher = new Agent({
      connect: (options, callback) => connector({ ...options, hostname, port }, callback),
    });
    const virtual = { endpoint: `http://oss-cn-hangzhou.aliyuncs.com:${port}`, dispatcher };

    await pipeline(['aaaa'], openStream(emulator, key));
    await pipeline(['bbbb'], openStream(emulator, key, virtual));
    await dispatcher.close();

    expect(String(await emulator.read(bucket, key))).toBe('aaaabbbb');
  });
});

test('stats.lastFailure has the error of a failed attempt until one succeeds', async () => {
  await using emulator = await startEmulator();
  emulator.faults.add({ kind: 'error-503', operation: 'append', times: 1 });
  const stream = openStream(emulator, 'a.log', { retry: { minTimeout: 5, maxTimeout: 5 } });
  expect(stream.stats.lastFailure).toBeUndefined();

  stream.end('aaaa');
  const [{ error }] = await once(stream, 'retry');
  expect(stream.stats.lastFailure).toBe(error);
  await finished(stream);

  expect(stream.stats.lastFailure).toBeUndefined();
});
