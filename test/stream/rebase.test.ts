import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  AppendWritable,
  type AppendWritableOptions,
  type CommitEvent,
  OssClient,
} from '../../src/index.js';
import { send } from '../emulator/signed-request.js';
import { startEmulatorForFile } from '../helpers/emulator-for-file.js';
import { connectionTo } from '../helpers/open-stream.js';

const { emulator } = await startEmulatorForFile();
let keys = 0;
const newKey = () => `shared-${++keys}.log`;

function open(key: string, options: Partial<AppendWritableOptions> = {}) {
  return new AppendWritable({
    ...connectionTo(emulator),
    key,
    recordDelimiter: '\n',
    conflict: 'rebase',
    flushInterval: 0,
    ...options,
  });
}

const read = async (key: string) => String(await emulator.read('examplebucket', key));
const client = new OssClient(connectionTo(emulator));

/** Leaves the first bytes of the object, as an operator does. */
async function shorten(key: string, length: number): Promise<void> {
  const content = await emulator.read('examplebucket', key);
  await send(emulator, { method: 'DELETE', key });
  if (length > 0) await client.appendObject(key, 0, content.subarray(0, length));
}

describe("conflict 'rebase'", () => {
  test('lets eight writers share an object: every line whole, once, and in its writer’s order', async () => {
    const key = newKey();
    const writers = Array.from({ length: 8 }, () => open(key));
    const lines = writers.map((_, writer) =>
      Array.from({ length: 20 }, (_line, line) => `${writer}:${line} ${'x'.repeat(line)}\n`),
    );
    await Promise.all(
      writers.map(async (stream, writer) => {
        for (const line of lines[writer] ?? []) await stream.append(line);
        stream.end();
        await finished(stream);
      }),
    );

    const found = (await read(key)).split(/(?<=\n)/);
    expect(found).toHaveLength(8 * 20);
    for (const [writer, own] of lines.entries()) {
      expect(found.filter((line) => line.startsWith(`${writer}:`))).toEqual(own);
    }
    expect(writers.reduce((sum, { stats }) => sum + stats.conflicts, 0)).toBeGreaterThan(50);
    expect(writers.map(({ stats }) => stats.retries)).toEqual(Array(8).fill(0));
  });

  test('names the place of what it appended', async () => {
    const key = newKey();
    const stream = open(key);
    expect(await stream.append('one\n')).toEqual({ key, start: 0, end: 4 });
    await client.appendObject(key, 4, Buffer.from('theirs\n'));

    expect(await stream.append('two\n')).toEqual({ key, start: 11, end: 15 });
    expect(stream.position).toBe(15);
    stream.destroy();
  });

  test.each([
    { what: 'deleted', left: 0 },
    { what: 'shortened to less than what was there before', left: 400 },
    { what: 'shortened within what is appended', left: 1050 },
  ])(
    'names the place of the rest of what it appended, where the object is $what meanwhile',
    async ({ left }) => {
      const key = newKey();
      await client.appendObject(key, 0, Buffer.alloc(1000, 'o'));
      const stream = open(key, { chunkSize: 100, flushInterval: 5 });
      const lines = Array.from({ length: 6 }, (_, number) => `${number}${'x'.repeat(48)}\n`).join(
        '',
      );
      const places: CommitEvent[] = [];
      stream.on('commit', (commit) => places.push(commit));
      const isCommitted = once(stream, 'commit');
      onTestFinished(
        emulator.faults.add({ kind: 'delay', operation: 'append', key, nth: 2, delay: 200 }),
      );
      const appended = stream.append(lines);
      await isCommitted;
      await shorten(key, left);

      expect(await appended).toEqual({ key, start: left, end: left + 200 });
      expect((await read(key)).slice(left)).toBe(lines.slice(100));
      expect(places.map(({ position, byteLength }) => [position, byteLength])).toEqual([
        [1000, 100],
        [left, 100],
        [left + 100, 100],
      ]);
      stream.destroy();
    },
  );

  test('hands back the place that a chunk was last sent to, where it may have landed', async () => {
    const key = newKey();
    const stream = open(key);
    stream.on('error', () => {});
    await stream.append('one\n');
    await client.appendObject(key, 4, Buffer.from('theirs\n'));
    onTestFinished(emulator.faults.add({ kind: 'stall', operation: 'append', key, nth: 2 }));
    stream.write('two\n');
    await expect.poll(() => read(key)).toBe('one\ntheirs\ntwo\n');
    stream.destroy();

    expect(stream.takeUncommitted()).toMatchObject({ key, position: 11, doubtful: 4 });
  });

  test('keeps flush() waiting until a record is whole, and commits the rest with end()', async () => {
    const key = newKey();
    const stream = open(key);
    await stream.append('one\n');
    stream.write('tw');
    let isFlushed = false;
    const flushed = stream.flush().then(() => {
      isFlushed = true;
    });
    await stream.append('o\n');
    await flushed;
    expect(isFlushed).toBe(true);
    expect(await read(key)).toBe('one\ntwo\n');
    stream.end('thr');
    await finished(stream);

    expect(await read(key)).toBe('one\ntwo\nthr');
  });

  test('gives a record longer than a chunk one of its own', async () => {
    const key = newKey();
    const stream = open(key, { chunkSize: 100, highWaterMark: 1000 });
    const lengths = [50, 700, 20, 99, 100, 101, 30];
    const lines = lengths.map((length) => `${'x'.repeat(length - 1)}\n`);
    for (const line of lines)
      for (const part of line.match(/.{1,33}\n?|\n/gs) ?? []) stream.write(part);
    stream.end();
    await finished(stream);

    expect(await read(key)).toBe(lines.join(''));
    const appends = emulator.requests.filter(
      (request) => request.key === key && request.operation === 'append',
    );
    expect(appends.length).toBeGreaterThan(3);
  });

  test('fails with a record longer than highWaterMark, and hands it back', async () => {
    const key = newKey();
    const stream = open(key, { chunkSize: 100, highWaterMark: 1000 });
    const failed = new Promise((resolve) => stream.once('error', resolve));
    stream.write('short\n');
    stream.write('x'.repeat(1500));

    expect(await failed).toMatchObject({
      code: 'APPEND_ERR_RECORD_TOO_LONG',
      key,
      byteLength: 1500,
      limit: 1000,
    });
    const rest = String(stream.takeUncommitted()?.bytes ?? '');
    const content = await emulator.read('examplebucket', key).then(String, () => '');
    expect(content + rest).toBe(`short\n${'x'.repeat(1500)}`);
  });

  test('commits what was written before a record that is too long, and hands back the rest', async () => {
    const key = newKey();
    const stream = open(key, { chunkSize: 100, highWaterMark: 1000 });
    const failed = new Promise((resolve) => stream.once('error', resolve));
    const lines = ['short\n', `${'x'.repeat(1500)}\n`, 'one\n', 'two\n'];
    for (const line of lines) stream.write(line);

    expect(await failed).toMatchObject({ code: 'APPEND_ERR_RECORD_TOO_LONG', bytesWritten: 6 });
    expect(String(await emulator.read('examplebucket', key))).toBe('short\n');
    expect(stream.takeUncommitted()).toMatchObject({ position: 6, confirmed: true, doubtful: 0 });
  });

  test('lets the append in flight end before a record that is too long ends the stream', async () => {
    const key = newKey();
    const stream = open(key, { chunkSize: 100, highWaterMark: 1000, flushInterval: 0 });
    await once(stream, 'ready');
    onTestFinished(emulator.faults.add({ kind: 'delay', operation: 'append', key, delay: 300 }));
    const failed = new Promise((resolve) => stream.once('error', resolve));
    const committed = new Promise((resolve) => stream.write('short\n', resolve));
    await expect.poll(() => stream.stats.attempts).toBe(1);

    stream.write('x'.repeat(1500));

    expect(await failed).toMatchObject({ code: 'APPEND_ERR_RECORD_TOO_LONG', bytesWritten: 6 });
    expect(await committed).toBeFalsy();
    const rest = stream.takeUncommitted();
    expect(rest).toMatchObject({ position: 6, confirmed: true, doubtful: 0 });
    expect(String(rest?.bytes)).toBe('x'.repeat(1500));
  });

  describe("with flags 'ax'", () => {
    test('does not continue an object that another writer has created meanwhile', async () => {
      const key = newKey();
      const stream = open(key, { flags: 'ax' });
      await once(stream, 'ready');
      await client.appendObject(key, 0, Buffer.from('other\n'));
      const failed = new Promise((resolve) => stream.once('error', resolve));

      stream.write('ours\n');

      expect(await failed).toMatchObject({ code: 'APPEND_ERR_DIVERGED', position: 0 });
      expect(stream.takeUncommitted()).toMatchObject({ confirmed: true });
      expect(await read(key)).toBe('other\n');
    });

    test('goes on to the next object then, with rollover', async () => {
      const key = newKey();
      const stream = open(key, { flags: 'ax', rollover: true });
      await once(stream, 'ready');
      await client.appendObject(key, 0, Buffer.from('other\n'));

      const { key: next } = await stream.append('ours\n');
      stream.end();
      await finished(stream);

      expect(next).not.toBe(key);
      expect(await read(key)).toBe('other\n');
      expect(await read(next)).toBe('ours\n');
    });

    test('shares the object once it has created it', async () => {
      const key = newKey();
      const stream = open(key, { flags: 'ax' });
      await stream.append('ours\n');
      await client.appendObject(key, 5, Buffer.from('other\n'));

      expect(await stream.append('more\n')).toEqual({ key, start: 11, end: 16 });
      stream.end();
      await finished(stream);

      expect(await read(key)).toBe('ours\nother\nmore\n');
    });
  });
});
