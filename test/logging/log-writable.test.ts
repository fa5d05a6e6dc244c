import { once } from 'node:events';
import { finished, pipeline } from 'node:stream/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../../src/emulator/index.js';
import type { LogWritableOptions } from '../../src/logging/log-options.js';
import { LogWritable } from '../../src/logging/log-writable.js';
import openPinoTransport from '../../src/pino.js';
import type { DropEvent } from '../../src/stream/events.js';
import { nodeTimers } from '../../src/timers/node-timers.js';
import { AppendTransport } from '../../src/winston.js';
import { connectionTo } from '../helpers/open-stream.js';

const small = { chunkSize: 1000, flushInterval: 0 } as const;

function open(emulator: Emulator, options: Partial<LogWritableOptions> = {}): LogWritable {
  const connection = connectionTo(emulator);
  const stream = new LogWritable({ ...connection, key: 'log', fallback: false, ...options });
  onTestFinished(() => {
    stream.destroy();
  });
  return stream;
}

async function linesOf(emulator: Emulator): Promise<string[]> {
  const text = String(await emulator.read('examplebucket', 'log'));
  expect(text.endsWith('\n')).toBe(true);
  return text.slice(0, -1).split('\n');
}

function line(index: number): string {
  return `${String(index).padStart(5, '0')} ${'x'.repeat(93)}\n`;
}

/** The numbers of the lines, with the markers between them. */
function numbers(lines: readonly string[]): (number | string)[] {
  return lines.map((text) => (text.startsWith('{') ? text : Number(text.slice(0, 5))));
}

/** Writes `lines` lines while OSS refuses all appends. */
async function logDuringOutage(
  emulator: Emulator,
  stream: LogWritable,
  lines: number,
): Promise<{ drops: DropEvent[]; most: number }> {
  const drops: DropEvent[] = [];
  stream.on('drop', (drop) => drops.push(drop));
  const remove = emulator.faults.add({ kind: 'error-503', operation: 'append' });
  let most = 0;
  for (let index = 0; index < lines; index++) {
    expect(stream.write(line(index))).toBe(true);
    most = Math.max(most, stream.writableLength);
    if (index % 100 === 0) await new Promise(setImmediate);
  }
  await once(stream, 'retry');
  remove();
  return { drops, most };
}

const retry = { retries: Number.POSITIVE_INFINITY, minTimeout: 5, maxTimeout: 5 };

describe('drop-oldest', () => {
  test('stays within maxLength, drops the oldest lines that are not in a chunk, and writes a marker', async () => {
    await using emulator = await startEmulator();
    const stream = open(emulator, { ...small, retry, overflow: { maxLength: 200_000 } });

    const { drops, most } = await logDuringOutage(emulator, stream, 5000);
    stream.end('last line\n');
    await finished(stream);

    expect(most).toBeLessThanOrEqual(200_000 + 100);
    const { linesDropped, bytesDropped } = stream.stats;
    expect(linesDropped).toBeGreaterThan(2900);
    expect(bytesDropped).toBe(linesDropped * 100);
    expect(drops.reduce((sum, { count }) => sum + count, 0)).toBe(linesDropped);
    const lines = numbers(await linesOf(emulator));
    expect(lines.pop()).toBe(NaN);
    const index = lines.findIndex((entry) => typeof entry === 'string');
    expect(lines.slice(0, index)).toEqual(Array.from({ length: index }, (_, number) => number));
    const size = (bytesDropped / 1024).toFixed(1).replace('.0', '');
    expect(lines[index]).toBe(`{"level":40,"msg":"dropped ${linesDropped} lines (${size} KiB)"}`);
    const first = index + linesDropped;
    expect(lines.slice(index + 1)).toEqual(
      Array.from({ length: 5000 - first }, (_, number) => first + number),
    );
  });

  test('never drops lines written before flush()', async () => {
    await using emulator = await startEmulator();
    const stream = open(emulator, { ...small, retry, overflow: { maxLength: 200_000 } });
    const remove = emulator.faults.add({ kind: 'error-503', operation: 'append' });
    for (let index = 0; index < 1900; index++) stream.write(line(index));

    const flushed = stream.flush();
    for (let index = 1900; index < 4000; index++) stream.write(line(index));
    remove();
    await flushed;
    stream.end();
    await finished(stream);

    const lines = numbers(await linesOf(emulator));
    expect(lines.slice(0, 1900)).toEqual(Array.from({ length: 1900 }, (_, number) => number));
  });

  test('append() is appended after the queued lines', async () => {
    await using emulator = await startEmulator();
    const stream = open(emulator, { ...small, retry, overflow: { maxLength: 400_000 } });
    const remove = emulator.faults.add({ kind: 'error-503', operation: 'append' });
    for (let index = 0; index < 3000; index++) stream.write(line(index));

    const appended = stream.append('appended\n');
    remove();

    expect(await appended).toEqual({ key: 'log', start: 300_000, end: 300_009 });
  });

  test('calls the callback of a dropped write with an error, and that of a committed write without one', async () => {
    await using emulator = await startEmulator();
    const stream = open(emulator, { ...small, retry, overflow: { maxLength: 200_000 } });
    const told: (string | undefined)[] = [];
    const remove = emulator.faults.add({ kind: 'error-503', operation: 'append' });
    for (let index = 0; index < 4000; index++) {
      stream.write(line(index), (error) => {
        told[index] = error?.name;
      });
    }
    remove();
    stream.end();
    await finished(stream);

    expect(Object.keys(told)).toHaveLength(4000);
    const dropped = told.filter((name) => name === 'LinesDroppedError');
    expect(dropped).toHaveLength(stream.stats.linesDropped);
    expect(told.filter((name) => name === undefined)).toHaveLength(4000 - dropped.length);
    const there = numbers(await linesOf(emulator)).filter((entry) => typeof entry === 'number');
    expect(there).toEqual([...told.keys()].filter((index) => told[index] === undefined));
  });
});

test('drop-newest stays within maxLength and keeps the first lines', async () => {
  await using emulator = await startEmulator();
  const overflow = {
    maxLength: 200_000,
    policy: 'drop-newest',
    marker: '{"lost":{count}}',
  } as const;
  const stream = open(emulator, { ...small, retry, overflow });

  const { most } = await logDuringOutage(emulator, stream, 5000);
  stream.end();
  await finished(stream);

  expect(most).toBeLessThanOrEqual(200_000);
  const lines = numbers(await linesOf(emulator));
  const { linesDropped } = stream.stats;
  expect(lines.pop()).toBe(`{"lost":${linesDropped}}`);
  expect(lines).toEqual(Array.from({ length: 5000 - linesDropped }, (_, number) => number));
});

test('block drops nothing, and write() returns false at maxLength', async () => {
  await using emulator = await startEmulator();
  const stream = open(emulator, { ...small, overflow: { maxLength: 80_000, policy: 'block' } });
  emulator.faults.add({ kind: 'delay', operation: 'append', delay: 50, nth: 1 });

  let lines = 0;
  while (stream.write(line(lines++)));
  expect(stream.writableLength).toBeLessThanOrEqual(80_000 + 100);
  await once(stream, 'drain');
  stream.end();
  await finished(stream);

  expect(numbers(await linesOf(emulator))).toEqual(Array.from({ length: lines }, (_, n) => n));
});

test('lines that a worker joins or splits into other writes are appended as they were logged', async () => {
  await using emulator = await startEmulator();
  const stream = open(emulator, { ...small, retry, overflow: { maxLength: 200_000 } });
  const text = Array.from({ length: 5000 }, (_, index) => line(index)).join('');
  const remove = emulator.faults.add({ kind: 'error-503', operation: 'append' });
  for (let at = 0; at < text.length; at += 7777) {
    stream.write(text.slice(at, at + 7777));
    await new Promise(setImmediate);
  }
  remove();
  stream.end();
  await finished(stream);

  const lines = (await linesOf(emulator)).filter((entry) => !entry.startsWith('{'));
  expect(lines).toHaveLength(5000 - stream.stats.linesDropped);
  for (const entry of lines) expect(`${entry}\n`).toBe(line(Number(entry.slice(0, 5))));
});

test('other encodings and invalid chunks are treated as by AppendWritable', async () => {
  await using emulator = await startEmulator();
  const stream = open(emulator);

  stream.write('68656c6c6f0a', 'hex');
  stream.write(Buffer.from('bytes\n'));
  stream.end('d29ybGQK', 'base64');
  await finished(stream);

  expect(await linesOf(emulator)).toEqual(['hello', 'bytes', 'world']);
  const other = open(emulator);
  expect(() => other.write({})).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }));
  expect(() => other.write('x', 'nonsense' as BufferEncoding)).toThrow(/Unknown encoding/);
});

test('lines written after end() are dropped, and lines written before it are committed', async () => {
  await using emulator = await startEmulator();
  emulator.faults.add({ kind: 'delay', operation: 'append', delay: 20 });
  const stream = open(emulator);
  const drops: DropEvent[] = [];
  stream.on('drop', (drop) => drops.push(drop));
  for (let index = 0; index < 100; index++) stream.write(line(index));
  stream.end();

  expect(stream.write('late\nlater\n')).toBe(true);
  await finished(stream);
  const error = await new Promise((resolve) => stream.write('too late\n', resolve));

  expect(await linesOf(emulator)).toHaveLength(100);
  expect(error).toMatchObject({ name: 'LinesDroppedError', code: 'APPEND_ERR_LINES_DROPPED' });
  expect(stream.stats).toMatchObject({ linesDropped: 3, bytesDropped: 20 });
  await vi.waitUntil(() => drops.length > 1);
  expect(drops).toEqual([
    { count: 2, byteLength: 11 },
    { count: 1, byteLength: 9 },
  ]);
});

test('LogWritable works with pipeline(), and its flush() has a length of 1', async () => {
  await using emulator = await startEmulator();
  const stream = open(emulator);
  const source = Array.from({ length: 100 }, (_, index) => line(index));

  await pipeline(source, stream);

  expect(await linesOf(emulator)).toHaveLength(100);
  expect(stream.flush.length).toBe(1);
});

describe('shutdownTimeout', () => {
  test('destroys a stream that cannot commit everything, with the last failure in the error', async () => {
    await using emulator = await startEmulator();
    emulator.faults.add({ kind: 'error-503', operation: 'append' });
    const stream = open(emulator, { shutdownTimeout: 200, retry });
    stream.write('line\n');

    stream.end();

    await expect(finished(stream)).rejects.toThrow(
      /^Not everything could be committed within 200 ms of the end: .*503/,
    );
    expect(stream.takeUncommitted()).toMatchObject({ key: 'log', position: 0 });
  });

  test('leaves no timer behind after the stream has finished', async () => {
    await using emulator = await startEmulator();
    const stream = open(emulator);
    const clear = vi.spyOn(nodeTimers, 'clearTimeout');
    onTestFinished(() => clear.mockRestore());

    stream.end('line\n');
    await once(stream, 'close');

    expect(clear).toHaveBeenCalledWith(expect.objectContaining({ _idleTimeout: -1 }));
  });
});

test('takeUncommitted() returns the queued lines, with a marker where lines are missing', async () => {
  await using emulator = await startEmulator();
  emulator.faults.add({ kind: 'stall', operation: 'append' });
  const stream = open(emulator, { ...small, overflow: { maxLength: 200_000 } });
  await once(stream, 'ready');
  for (let index = 0; index < 5000; index++) stream.write(line(index));
  await vi.waitUntil(() => emulator.requests.some(({ fault }) => fault === 'stall'));

  stream.destroy();

  const uncommitted = stream.takeUncommitted();
  expect(uncommitted).toMatchObject({ position: 0, confirmed: false });
  // Only bytes of the chunk in flight are doubtful, not the queued lines.
  const { byteLength } = emulator.requests.find(({ fault }) => fault === 'stall') ?? {};
  expect(uncommitted?.doubtful).toBe(byteLength);
  const lines = numbers(String(uncommitted?.bytes).trimEnd().split('\n'));
  expect(lines).toHaveLength(5000 - stream.stats.linesDropped + 1);
  expect(lines.filter((entry) => typeof entry === 'string')).toHaveLength(1);
  expect(stream.takeUncommitted()).toBeUndefined();
});

describe('options', () => {
  const options = { region: 'cn-hangzhou', bucket: 'b'.repeat(3), key: 'k' };

  test.each([
    [{ overflow: [] }, "'overflow' must be an object: current value is []"],
    [{ retry: [] }, "'retry' must be an object: current value is []"],
    [{ overflow: 1 }, "'overflow' must be an object: current value is 1"],
    [{ overflow: { policy: 'drop' } }, "'overflow.policy' must be one of"],
    [{ overflow: { maxLength: 1.5 } }, "'overflow.maxLength' must be an integer from 4"],
    [{ overflow: { maxLength: '1' } }, "'overflow.maxLength' must be a number"],
    [{ overflow: { marker: true } }, "'overflow.marker' must be a string or false"],
    [{ overflow: { marker: 'a\nb' } }, "'overflow.marker' must be one line"],
    [
      { chunkSize: 600, overflow: { maxLength: 1000 } },
      "'overflow.maxLength' must be at least twice 'chunkSize', 1200: current value is 1000",
    ],
    [
      { highWaterMark: 2000, overflow: { maxLength: 1000 } },
      "'overflow.maxLength' must be at least 'highWaterMark', 2000: current value is 1000",
    ],
    [{ chunkSize: 'x' }, "'chunkSize' must be a number"],
    [{ shutdownTimeout: -1 }, "'shutdownTimeout' must be a number from 0"],
    [{ shutdownTimeout: '8s' }, "'shutdownTimeout' must be a number"],
    [{ fallback: 1 }, "'fallback' must be a string or false"],
    [{ fallback: '/no/such/folder/file' }, 'Cannot keep bytes in "/no/such/folder/file"'],
    [{ credentials: { module: './relative.js' } }, "'credentials.module' must be a file: URL"],
    [{ credentials: { module: 7 } }, "'credentials.module' must be a file: URL"],
  ])('%j is refused', (wrong, message) => {
    expect(() => new LogWritable({ ...options, ...wrong } as LogWritableOptions)).toThrow(message);
  });

  test.each([
    ['create LogWritable', (wrong: LogWritableOptions) => new LogWritable(wrong)],
    ['create AppendTransport', (wrong: LogWritableOptions) => new AppendTransport(wrong as never)],
    ['open the pino transport', openPinoTransport],
  ] as const)('an invalid option is reported with what the caller did: %s', async (act, run) => {
    // An option of the log, of the stream, of the object to create, and of the client.
    const wrong = {
      shutdownTimeout: [-1, "'shutdownTimeout' must be"],
      verify: ['md5', "'verify' must be"],
      chunkSize: [0, "'chunkSize' must be"],
      retry: [{ factor: -1 }, "'retry.factor' must be"],
      acl: ['secret', "'acl' must be"],
      key: ['/key', 'the key must not begin with'],
      region: ['oss://', "'region' must be"],
      proxy: ['socks5://127.0.0.1', "'proxy' must be"],
      accessKeyId: ['x', "'accessKeyId' is not an option"],
    } as const;
    for (const [name, [value, rule]] of Object.entries(wrong)) {
      const refuse = async () => run({ ...options, [name]: value } as LogWritableOptions);

      await expect(refuse()).rejects.toThrow(`Cannot ${act} as ${rule}`);
    }
  });
});
