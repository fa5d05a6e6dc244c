// Logs whose object others append to as well, with the default options.
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { OssClient } from '../../src/index.js';
import type { LogWritableOptions } from '../../src/logging/log-options.js';
import { LogWritable } from '../../src/logging/log-writable.js';
import type { DropEvent } from '../../src/stream/events.js';
import { startEmulatorForFile } from '../helpers/emulator-for-file.js';
import { connectionTo } from '../helpers/open-stream.js';
import { runProgram } from '../helpers/run-program.js';

const policies = ['drop-oldest', 'drop-newest', 'block'] as const;
const { emulator } = await startEmulatorForFile();
const client = new OssClient(connectionTo(emulator));
let keys = 0;
const newKey = () => `shared-${++keys}.log`;

function open(key: string, options: Partial<LogWritableOptions> = {}): LogWritable {
  const connection = { ...connectionTo(emulator), flushInterval: 0, fallback: false as const };
  const stream = new LogWritable({ ...connection, key, ...options });
  onTestFinished(() => {
    stream.destroy();
  });
  return stream;
}

const read = async (key: string) => String(await emulator.read('examplebucket', key));

/** Appends as another process would. */
async function appendElsewhere(key: string, text: string): Promise<void> {
  const { length = 0 } = (await client.headObject(key)) ?? {};
  await client.appendObject(key, length, Buffer.from(text));
}

describe('a record longer than highWaterMark', () => {
  const limit = 4000;
  const small = { chunkSize: 1000, highWaterMark: limit };
  const record = (byteLength: number) => `${'x'.repeat(byteLength - 1)}\n`;
  const marker = (size: string) => `{"level":40,"msg":"dropped 1 line (${size})"}\n`;

  test.each(policies)('is dropped whole with %s, and the log goes on', async (policy) => {
    const key = newKey();
    const stream = open(key, { ...small, overflow: { policy, maxLength: 40_000 } });
    const drops: DropEvent[] = [];
    stream.on('drop', (drop) => drops.push(drop));
    const told: unknown[] = [];
    const tell = (error?: Error | null) => told.push(error && Reflect.get(error, 'code'));

    for (const byteLength of [10, limit - 1, limit, limit + 1, 20]) {
      stream.write(record(byteLength), tell);
      await stream.flush();
    }

    const kept = [10, limit - 1, limit].map(record).join('');
    expect(await read(key)).toBe(`${kept}${marker('3.9 KiB')}${record(20)}`);
    expect(stream.stats).toMatchObject({ linesDropped: 1, bytesDropped: limit + 1 });
    expect(drops).toEqual([{ count: 1, byteLength: limit + 1 }]);
    expect(told).toEqual([null, null, null, 'APPEND_ERR_LINES_DROPPED', null]);
  });

  test.each(policies)('is dropped whole with %s when it comes in pieces', async (policy) => {
    const key = newKey();
    const stream = open(key, { ...small, overflow: { policy, maxLength: 40_000 } });
    const text = `first\n${record(5 * limit)}last\n`;
    for (let at = 0; at < text.length; at += 777) {
      stream.write(text.slice(at, at + 777));
      expect(stream.writableLength).toBeLessThanOrEqual(limit + 'first\n'.length);
      await turn();
    }
    stream.end();
    await finished(stream);

    expect(await read(key)).toBe(`first\n${marker('19.5 KiB')}last\n`);
    expect(stream.stats).toMatchObject({ linesDropped: 1, bytesDropped: 5 * limit });
  });

  test.each(policies)('is counted in the object with %s if no line follows it', async (policy) => {
    const key = newKey();
    const stream = open(key, { ...small, overflow: { policy, maxLength: 40_000 } });
    stream.end(record(limit + 1));
    await finished(stream);

    expect(await read(key)).toBe(marker('3.9 KiB'));
  });

  test.each(policies)('with other delimiters is marked by a record with %s', async (policy) => {
    const key = newKey();
    const overflow = { policy, maxLength: 40_000 };
    const stream = open(key, { ...small, recordDelimiter: '\r\n', overflow });
    const longest = `${'x'.repeat(limit - 2)}\r\n`;
    stream.write(`${'x'.repeat(limit)}\r\n`);
    stream.end(longest);
    await finished(stream);

    expect(await read(key)).toBe(`${marker('3.9 KiB').replace('\n', '\r\n')}${longest}`);
  });

  test('is refused by append(), which then appends the next behind the marker', async () => {
    const key = newKey();
    const stream = open(key, small);

    await expect(stream.append(record(limit + 1))).rejects.toMatchObject({
      code: 'APPEND_ERR_LINES_DROPPED',
    });
    const { start, end } = await stream.append('next\n');
    const content = await read(key);
    expect(content.slice(0, start)).toMatch(/^\{.*dropped 1 line .*\}\n$/);
    expect(content.slice(start)).toBe('next\n');
    expect(end).toBe(content.length);
  });

  test("is appended with conflict 'fail', since it may be divided there", async () => {
    const key = newKey();
    const stream = open(key, { ...small, conflict: 'fail' });
    stream.end(record(2 * limit));
    await finished(stream);

    expect(await read(key)).toBe(record(2 * limit));
    expect(stream.stats.linesDropped).toBe(0);
  });
});

describe('an unfinished line', () => {
  test('stays out of the object until its end, and lets the lines before it in', async () => {
    const key = newKey();
    const stream = open(key, { flushInterval: Number.POSITIVE_INFINITY });
    stream.write('one\ntw');
    let isFlushed = false;
    let calls = 0;
    const flushed = stream
      .flush(() => calls++)
      .then(() => {
        isFlushed = true;
      });
    await once(stream, 'commit');
    await appendElsewhere(key, 'theirs\n');
    stream.write('');
    await turn();
    expect(isFlushed).toBe(false);
    expect(stream.writableLength).toBe(2);
    stream.write('o\nthree\n');
    await flushed;

    expect(calls).toBe(1);
    expect(await read(key)).toBe('one\ntheirs\ntwo\nthree\n');
  });

  test.each(policies)('is committed by end() with %s', async (policy) => {
    const key = newKey();
    const stream = open(key, { overflow: { policy } });
    stream.write('one\ntw');
    const flushed = stream.flush();
    stream.end('o');
    await Promise.all([finished(stream), flushed]);

    expect(await read(key)).toBe('one\ntwo');
  });

  test('is handed back when the stream is destroyed', async () => {
    const stream = open(newKey());
    const told = new Promise((resolve) => stream.write('one\ntwo', resolve));
    const flushed = stream.flush().catch(({ code }) => code);
    stream.destroy();

    expect(stream.takeUncommitted()?.bytes.toString()).toBe('one\ntwo');
    expect(await told).toMatchObject({ code: 'ERR_STREAM_DESTROYED' });
    expect(await flushed).toBe('ERR_STREAM_DESTROYED');
  });

  test('of append() has its place when its end has come', async () => {
    const key = newKey();
    const stream = open(key);
    const first = stream.append('one\ntw');
    const second = stream.append('o\n');

    expect(await first).toEqual({ key, start: 0, end: 6 });
    expect(await second).toEqual({ key, start: 6, end: 8 });
  });
});

test('flush() refuses a callback that is not a function while a line is unfinished', () => {
  const stream = open(newKey());
  stream.write('unfinished');

  expect(() => stream.flush('no' as unknown as () => void)).toThrow(
    new TypeError('Cannot flush as the callback must be a function: it is no'),
  );
});

test('with block, write() returns false for a line that fills the stream', async () => {
  const stream = open(newKey(), { highWaterMark: 4000, overflow: { policy: 'block' } });
  let lines = 0;
  while (stream.write('x'.repeat(99))) {
    if (!stream.write('\n')) break;
    if (++lines > 1000) throw new Error('write() always returns true');
  }

  await once(stream, 'drain');
  expect(lines).toBeGreaterThan(10);
});

describe('a log that may not read', () => {
  /** Refuses HEAD and GET for an object, as OSS does without `oss:GetObject`. */
  const hide = (key: string) => {
    emulator.faults.add({ kind: 'forbid', operation: 'head', key });
    emulator.faults.add({ kind: 'forbid', operation: 'get', key });
  };

  test('shares its object all the same, and says once what it cannot find out', async () => {
    const [shared, own] = [newKey(), newKey()];
    hide(shared);
    hide(own);
    const options = { ...connectionTo(emulator), flushInterval: 0 };
    const { stderr } = await runProgram(`
      import { OssClient } from 'oss-append-stream';
      import openLog from 'oss-append-stream/pino';
      const options = ${JSON.stringify(options)};
      const client = new OssClient(options);
      const log = await openLog({ ...options, key: '${shared}' });
      await log.append('one\\n');
      await client.appendObject('${shared}', 4, Buffer.from('theirs\\n'), {});
      await log.append('two\\n');
      log.end();
      const other = await openLog({ ...options, key: '${own}', conflict: 'fail' });
      other.end('alone\\n');
    `);

    expect(await read(shared)).toBe('one\ntheirs\ntwo\n');
    expect(await read(own)).toBe('alone\n');
    expect(stderr.split('\n')).toEqual([
      expect.stringMatching(`: HEAD of oss://examplebucket/${shared} is forbidden: `),
      expect.stringMatching(`: another process appends to oss://examplebucket/${shared} too`),
      '',
    ]);
  });

  test('ends if another process appends while an answer is lost', async () => {
    const key = newKey();
    hide(key);
    const stream = open(key, { retry: undefined });
    const failed = once(stream, 'error');
    await stream.append('one\n');
    emulator.faults.add({ kind: 'stranger-drop', operation: 'append', key, nth: 1 });

    await expect(stream.append('two\n')).rejects.toMatchObject({ code: 'APPEND_ERR_UNCONFIRMED' });
    await failed;
    expect(stream.takeUncommitted()).toMatchObject({ confirmed: false });
  });
});
