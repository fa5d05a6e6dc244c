import { once } from 'node:events';
import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { describe, expect, test, vi } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import {
  type AppendClient,
  type AppendReceipt,
  AppendWritable,
  OssClient,
} from '../../src/index.js';
import { closed } from '../helpers/closed.js';
import { eventsOf } from '../helpers/events-of.js';
import { connectionTo, openStream } from '../helpers/open-stream.js';

const bucket = 'examplebucket';

describe('destroy()', () => {
  test('right after the answer arrived still hands the chunk back as uncommitted', async () => {
    let answer: (receipt: AppendReceipt) => void = () => {};
    const client: AppendClient = {
      headObject: async () => undefined,
      appendObject: () => new Promise((resolve) => (answer = resolve)),
      getObject: async () => Readable.from([]),
      sealAppendObject: async () => {},
      close: async () => {},
    };
    const stream = new AppendWritable({ client, key: 'a.log', chunkSize: 4 });
    const seen = eventsOf(stream, 'commit', 'error', 'close');
    const told = new Promise((resolve) => stream.write('aaaa', resolve));
    await vi.waitUntil(() => stream.stats.attempts === 1, { timeout: 5000, interval: 1 });

    answer({ nextPosition: 4 });
    stream.destroy();
    await closed(stream);

    expect(await told).toMatchObject({ code: 'ERR_STREAM_DESTROYED' });
    expect(seen).toEqual(['close']);
    expect(stream).toMatchObject({ position: 0, bytesWritten: 0 });
    expect(stream.takeUncommitted()).toEqual({
      key: 'a.log',
      position: 0,
      bytes: Buffer.from('aaaa'),
      confirmed: false,
      doubtful: 4,
    });
  });

  test('stops the flush timer', async () => {
    await using emulator = await startEmulator();
    const stream = openStream(emulator, 'a.log', { flushInterval: 60_000 });
    await once(stream, 'ready');
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout');
    const before = timers().length;

    stream.write('aaaa');
    expect(timers()).toHaveLength(before + 1);
    stream.destroy();

    expect(timers()).toHaveLength(before);
  });
});

describe('flush()', () => {
  test('resolves both before and after end()', async () => {
    await using emulator = await startEmulator();
    emulator.faults.add({ kind: 'delay', operation: 'append', delay: 10 });
    const stream = openStream(emulator, 'a.log', { chunkSize: 4, highWaterMark: 8 });
    const told: string[] = [];
    const note = (name: string) => () => told.push(name);

    stream.write('aaaabb');
    const before = stream.flush().then(note('before'));
    stream.end('bbcc', note('end'));
    stream.on('finish', note('finish'));
    await Promise.all([before, stream.flush().then(note('after')), closed(stream)]);

    expect(told).toEqual(['before', 'end', 'finish', 'after']);
    expect(String(await emulator.read(bucket, 'a.log'))).toBe('aaaabbbbcc');
  });

  test('undoes every cork(), so that a later uncork() changes nothing', async () => {
    await using emulator = await startEmulator();
    const stream = openStream(emulator, 'a.log');

    stream.cork();
    stream.cork();
    stream.write('aa');
    await stream.flush();
    expect(stream.writableCorked).toBe(0);
    stream.uncork();
    expect(stream.writableCorked).toBe(0);
    stream.cork();
    stream.write('bb');
    stream.uncork();
    await stream.flush();

    expect(String(await emulator.read(bucket, 'a.log'))).toBe('aabb');
  });

  test('called a hundred times at once sends one append and causes no warning', async () => {
    await using emulator = await startEmulator();
    using warnings = watchWarnings();
    const stream = openStream(emulator, 'a.log', { flushInterval: Number.POSITIVE_INFINITY });
    await once(stream, 'ready');

    stream.write('aaaa');
    await Promise.all(Array.from({ length: 100 }, () => stream.flush()));

    expect(stream.stats.attempts).toBe(1);
    expect(await warnings.seen()).toEqual([]);
  });
});

describe('a thousand write callbacks', () => {
  test.each([
    { scenario: 'run in order', isRefused: false },
    { scenario: 'fail in order', isRefused: true },
  ])('$scenario, once each, without a warning', async ({ isRefused }) => {
    await using emulator = await startEmulator();
    if (isRefused) emulator.faults.add({ kind: 'forbid', operation: 'append' });
    using warnings = watchWarnings();
    const stream = openStream(emulator, 'a.log', { chunkSize: 1000 });
    const order = Array.from({ length: 1000 }, (_, index) => index);
    const told: (number | undefined)[] = [];

    for (const index of order) {
      stream.write('abcd', (error) => told.push(isRefused === Boolean(error) ? index : undefined));
    }
    void stream.flush(() => {});
    stream.end();
    await finished(stream).catch(() => {});
    await closed(stream);

    expect(told).toEqual(order);
    expect(await warnings.seen()).toEqual([]);
  });
});

describe('a failed stream', () => {
  test("fails every later call, emits no second 'error' and keeps its state", async () => {
    await using emulator = await startEmulator();
    emulator.faults.add({ kind: 'forbid', operation: 'append', nth: 2 });
    using warnings = watchWarnings();
    const stream = openStream(emulator, 'a.log', { chunkSize: 4 });
    const seen = eventsOf(stream, 'error', 'finish', 'close');
    stream.write('aaaa');
    stream.write('bbbb');
    const error = await finished(stream).catch((reason) => reason);
    await closed(stream);
    const requests = emulator.requests.length;

    const ofWrite = await new Promise((resolve) => stream.write('cc', resolve));
    const ofFlush = await new Promise((resolve) => stream.flush(resolve));
    const ofEnd = await new Promise((resolve) => stream.end((error?: unknown) => resolve(error)));
    stream.destroy(new Error('again'));

    expect(ofWrite).toMatchObject({ code: 'ERR_STREAM_DESTROYED' });
    expect(ofFlush).toBe(error);
    expect(ofEnd).toMatchObject({ code: 'ERR_STREAM_DESTROYED' });
    await expect(stream.append('cc')).rejects.toBe(error);
    await expect(stream.flush()).rejects.toBe(error);
    await expect(stream[Symbol.asyncDispose]()).rejects.toBe(error);
    expect(stream.errored).toBe(error);
    expect(seen).toEqual(['error', 'close']);
    expect(stream.position).toBe(4);
    expect(stream.bytesWritten).toBe(4);
    expect(String(stream.takeUncommitted()?.bytes)).toBe('bbbb');
    expect(emulator.requests).toHaveLength(requests);
    expect(await warnings.seen()).toEqual([]);
  });
});

describe('autoDestroy: false', () => {
  test("emits 'finish' but no 'close' until destroy() is called", async () => {
    await using emulator = await startEmulator();
    const stream = openStream(emulator, 'a.log', { autoDestroy: false });
    const seen = eventsOf(stream, 'error', 'finish', 'close');

    stream.end('aaaa');
    await once(stream, 'finish');
    await stream.flush();
    expect(stream.destroyed).toBe(false);
    stream.destroy();
    await closed(stream);

    expect(seen).toEqual(['finish', 'close']);
    expect(stream.takeUncommitted()).toBeUndefined();
    expect(String(await emulator.read(bucket, 'a.log'))).toBe('aaaa');
  });

  test('still destroys the stream after a failure', async () => {
    await using emulator = await startEmulator();
    emulator.faults.add({ kind: 'forbid', operation: 'append' });
    const stream = openStream(emulator, 'a.log', { autoDestroy: false });
    const seen = eventsOf(stream, 'error', 'finish', 'close');

    const ended = new Promise((resolve) => {
      stream.end('aaaa', (error?: unknown) => resolve(error));
    });
    await closed(stream);

    expect(await ended).toMatchObject({ code: 'APPEND_ERR_SERVICE' });
    expect(seen).toEqual(['error', 'close']);
    expect(String(stream.takeUncommitted()?.bytes)).toBe('aaaa');
  });
});

describe('emitClose: false', () => {
  test.each([
    { scenario: 'a success', isRefused: false, events: ['finish'] },
    { scenario: 'a failure', isRefused: true, events: ['error'] },
  ])("emits no 'close' after $scenario, and pipeline() still settles", async (row) => {
    await using emulator = await startEmulator();
    if (row.isRefused) emulator.faults.add({ kind: 'forbid', operation: 'append' });
    const stream = openStream(emulator, 'a.log', { emitClose: false });
    const seen = eventsOf(stream, 'error', 'finish', 'close');

    const error = await pipeline(['aaaa'], stream).catch((reason) => reason);
    await endOfTick();

    expect(error === undefined).toBe(!row.isRefused);
    expect(stream.destroyed).toBe(true);
    expect(seen).toEqual(row.events);
  });
});

test('a stream created with an aborted signal is destroyed and sends no request', async () => {
  await using emulator = await startEmulator();
  const stream = openStream(emulator, 'a.log', { signal: AbortSignal.abort('enough') });
  const seen = eventsOf(stream, 'error', 'close', 'ready');
  const written = new Promise((resolve) => stream.write('aaaa', resolve));
  await closed(stream);

  const { retry: _, ...options } = connectionTo(emulator);
  const client = new OssClient(options);
  await client.headObject('another.log');
  await client.close();

  expect(stream.errored).toMatchObject({ name: 'AbortError', cause: 'enough' });
  expect(await written).toMatchObject({ code: 'ERR_STREAM_DESTROYED' });
  expect(seen).toEqual(['error', 'close']);
  expect(stream.takeUncommitted()).toBeUndefined();
  expect(emulator.requests.map(({ key }) => key)).toEqual(['another.log']);
});

describe('await using', () => {
  test('commits the written bytes when the block throws', async () => {
    await using emulator = await startEmulator();
    const block = async () => {
      await using stream = openStream(emulator, 'a.log');
      stream.write('aaaa');
      throw new Error('from the block');
    };

    await expect(block()).rejects.toThrow('from the block');

    expect(String(await emulator.read(bucket, 'a.log'))).toBe('aaaa');
  });

  test("throws the stream's error at the end of the block", async () => {
    await using emulator = await startEmulator();
    emulator.faults.add({ kind: 'forbid', operation: 'append' });
    const block = async () => {
      await using stream = openStream(emulator, 'a.log');
      stream.write('aaaa');
    };

    await expect(block()).rejects.toMatchObject({ code: 'APPEND_ERR_SERVICE' });
  });

  test('does not throw for a stream that the block destroyed or ended', async () => {
    await using emulator = await startEmulator();
    {
      await using stream = openStream(emulator, 'a.log');
      stream.destroy();
    }
    {
      await using stream = openStream(emulator, 'a.log');
      stream.end('aaaa');
    }
    expect(String(await emulator.read(bucket, 'a.log'))).toBe('aaaa');
  });
});

test('destroying one of two streams that share a client leaves the other and the client working', async () => {
  await using emulator = await startEmulator();
  const { retry: _, ...options } = connectionTo(emulator);
  const client = new OssClient(options);
  const shared = { client, chunkSize: 4, highWaterMark: 8 };
  await using first = new AppendWritable({ ...shared, key: 'a.log' });
  const second = new AppendWritable({ ...shared, key: 'b.log' });
  emulator.faults.add({ kind: 'stall', operation: 'append', key: 'a.log', nth: 2 });
  first.write('aaaa');
  second.write('bbbb');
  await Promise.all([once(first, 'commit'), once(second, 'commit')]);
  first.write('cccc');

  first.destroy();
  await pipeline(['dddd', 'eeee'], second);

  expect(String(await emulator.read(bucket, 'b.log'))).toBe('bbbbddddeeee');
  expect(String(first.takeUncommitted()?.bytes)).toBe('cccc');
  expect(await client.headObject('a.log')).toMatchObject({ appendable: true });
  await client.close();
});

test("a producer that waits for 'drain' when write() returns false stays within highWaterMark and one piece", async () => {
  await using emulator = await startEmulator();
  const kibibyte = 1024;
  const highWaterMark = 128 * kibibyte;
  const stream = openStream(emulator, 'a.log', { chunkSize: 16 * kibibyte, highWaterMark });
  const piece = Buffer.alloc(10 * kibibyte, 'a');
  const needed: boolean[] = [];
  let most = 0;
  let drains = 0;

  for (let i = 0; i < 60; i++) {
    const answer = stream.write(piece);
    most = Math.max(most, stream.writableLength);
    if (answer) continue;
    needed.push(stream.writableNeedDrain);
    await once(stream, 'drain');
    needed.push(!stream.writableNeedDrain);
    drains++;
  }
  stream.end();
  await finished(stream);

  expect(drains).toBeGreaterThan(1);
  expect(needed).not.toContain(false);
  expect(most).toBeGreaterThan(highWaterMark / 2);
  expect(most).toBeLessThanOrEqual(highWaterMark + piece.byteLength);
  expect(stream.writableLength).toBe(0);
  expect(stream.writableNeedDrain).toBe(false);
  expect(await emulator.read(bucket, 'a.log')).toHaveLength(60 * piece.byteLength);
});

/** Records process warnings and unhandled rejections. */
function watchWarnings(): Disposable & { seen: () => Promise<unknown[]> } {
  const noted: unknown[] = [];
  const note = (warning: unknown) => noted.push(warning);
  process.on('warning', note);
  process.on('unhandledRejection', note);
  return {
    seen: async () => {
      await endOfTick();
      return noted;
    },
    [Symbol.dispose]() {
      process.off('warning', note);
      process.off('unhandledRejection', note);
    },
  };
}

function endOfTick(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
