import { once } from 'node:events';
import { finished, pipeline } from 'node:stream/promises';
import { describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../src/emulator/index.js';
import type { AppendWritable } from '../../src/index.js';
import { eventsOf } from '../helpers/events-of.js';
import { openStream } from '../helpers/open-stream.js';

const bucket = 'examplebucket';

/** Every way to learn that bytes were committed; each resolves then, or rejects with the error. */
const acknowledgements: Record<string, (stream: AppendWritable) => Promise<unknown>> = {
  'the callback of write()': (stream) =>
    new Promise((resolve, reject) => {
      stream.write('aaaa', (error) => (error ? reject(error) : resolve(undefined)));
    }),
  'append()': (stream) => stream.append('aaaa'),
  'the promise of flush()': (stream) => {
    stream.write('aaaa');
    return stream.flush();
  },
  'the callback of flush()': (stream) =>
    new Promise((resolve, reject) => {
      stream.write('aaaa');
      void stream.flush((error) => (error ? reject(error) : resolve(undefined)));
    }),
  'the callback of end()': (stream) =>
    new Promise((resolve, reject) => {
      stream.end('aaaa', (error?: Error | null) => (error ? reject(error) : resolve(undefined)));
    }),
  "'finish'": (stream) => {
    stream.end('aaaa');
    return once(stream, 'finish');
  },
  'finished()': (stream) => {
    stream.end('aaaa');
    return finished(stream);
  },
  'pipeline()': (stream) => pipeline(['aaaa'], stream),
  '[Symbol.asyncDispose]()': (stream) => {
    stream.write('aaaa');
    return stream[Symbol.asyncDispose]();
  },
};

describe.each(Object.entries(acknowledgements))('%s', (_name, acknowledge) => {
  test.each([
    { scenario: 'after a slow append', fault: { kind: 'delay', delay: 30 } as const },
    { scenario: 'after a lost answer', fault: { kind: 'drop-answer', nth: 1 } as const },
    { scenario: 'after a lost request', fault: { kind: 'drop-request', nth: 1 } as const },
    { scenario: 'after a late apply', fault: { kind: 'apply-late', nth: 1, delay: 20 } as const },
    { scenario: 'with 503 first', fault: { kind: 'error-503', nth: 1 } as const },
  ])('settles only once the emulator holds the bytes: $scenario', async ({ fault }) => {
    await using emulator = await startEmulator();
    emulator.faults.add({ ...fault, operation: 'append' });
    const stream = openStream(emulator, 'a.log', { flushInterval: 5 });

    await acknowledge(stream);

    expect(String(await emulator.read(bucket, 'a.log'))).toBe('aaaa');
  });

  test.each([
    { scenario: 'the opening', operation: 'head' as const },
    { scenario: 'the append', operation: 'append' as const },
  ])(
    "reports the error when OSS refuses $scenario, and the stream emits 'error' and 'close' once",
    async ({ operation }) => {
      await using emulator = await startEmulator();
      // Both: after a forbidden HEAD the stream tries to open with an empty append.
      emulator.faults.add({ kind: 'forbid', operation: 'append' });
      if (operation === 'head') emulator.faults.add({ kind: 'forbid', operation });
      const stream = openStream(emulator, 'a.log', { flushInterval: 5 });
      const events = eventsOf(stream, 'error', 'close', 'finish', 'commit');
      const told: string[] = [];

      const acknowledged = acknowledge(stream).then(
        () => told.push('success'),
        (error) => told.push(error.code, ...events),
      );
      await Promise.all([acknowledged, closed(stream)]);
      await endOfTick();

      expect(told.slice(0, 1)).toEqual(['APPEND_ERR_SERVICE']);
      expect(events).toEqual(['error', 'close']);
    },
  );
});

test("callbacks run in the order of the writes, and failing ones run before 'error'", async () => {
  await using emulator = await startEmulator();
  emulator.faults.add({ kind: 'forbid', operation: 'append', nth: 2 });
  const stream = openStream(emulator, 'a.log', { chunkSize: 4, highWaterMark: 8 });
  const told: string[] = [];
  const record = (name: string) => (error?: Error | null) =>
    told.push(`${name} ${error ? 'failed' : 'committed'}`);

  for (const text of ['aaaa', 'bb', 'bbcccccccc', 'dddd']) stream.write(text, record(text));
  void stream.flush(record('flush'));
  stream.end('eeee', record('end'));
  stream.on('error', () => told.push('error'));
  await closed(stream);
  await endOfTick();

  expect(told).toEqual([
    'aaaa committed',
    ...['bb failed', 'bbcccccccc failed', 'dddd failed', 'flush failed'],
    ...['end failed', 'error'],
  ]);
  expect(stream.takeUncommitted()).toEqual({
    key: 'a.log',
    position: 4,
    confirmed: true,
    doubtful: 0,
    bytes: Buffer.from('bbbbccccccccddddeeee'),
  });
  expect(stream.bytesWritten).toBe(4);
});

test('an exception in a write callback does not count as a failed append', async () => {
  await using emulator = await startEmulator();
  const stream = openStream(emulator, 'a.log', { chunkSize: 4 });
  const uncaught = nextUncaught();

  stream.write('aaaa', () => {
    throw new Error('from the callback');
  });
  stream.end('bbbb');
  await finished(stream);

  expect((await uncaught).message).toBe('from the callback');
  expect(String(await emulator.read(bucket, 'a.log'))).toBe('aaaabbbb');
  expect(stream.stats.attempts).toBe(2);
});

describe('destroy()', () => {
  const stages: Record<string, (emulator: Emulator, stream: AppendWritable) => Promise<unknown>> = {
    opening: async () => {},
    idle: (_emulator, stream) => once(stream, 'ready'),
    appending: async (emulator, stream) => {
      emulator.faults.add({ kind: 'stall', operation: 'append' });
      stream.cork();
      stream.uncork();
      stream.flush().catch(() => {});
      while (stream.stats.attempts === 0) await endOfTick();
    },
    'waiting for a retry': async (emulator, stream) => {
      emulator.faults.add({ kind: 'error-503', operation: 'append' });
      stream.flush().catch(() => {});
      await once(stream, 'retry');
    },
    reconciling: async (emulator, stream) => {
      emulator.faults.add({ kind: 'drop-request', operation: 'append' });
      emulator.faults.add({ kind: 'stall', operation: 'head', nth: 2 });
      stream.flush().catch(() => {});
      while (emulator.requests.filter(({ operation }) => operation === 'head').length < 2) {
        await endOfTick();
      }
    },
  };

  test.each(Object.entries(stages))(
    "while %s hands the bytes back, fails the callbacks and emits 'close' once",
    async (_stage, reach) => {
      await using emulator = await startEmulator();
      const stream = openStream(emulator, 'a.log', {
        flushInterval: Number.POSITIVE_INFINITY,
        retry: { minTimeout: 60_000, maxTimeout: 60_000 },
      });
      const events = eventsOf(stream, 'error', 'close', 'finish');
      const told: unknown[] = [];
      stream.write('aaaa', (error) => told.push(Reflect.get(error ?? {}, 'code')));
      await reach(emulator, stream);

      stream.destroy();
      await closed(stream);

      expect(told).toEqual(['ERR_STREAM_DESTROYED']);
      expect(events).toEqual(['close']);
      expect(String(stream.takeUncommitted()?.bytes)).toBe('aaaa');
    },
  );
});

test('an aborted signal destroys the stream with an AbortError, and the bytes are handed back', async () => {
  await using emulator = await startEmulator();
  const controller = new AbortController();
  const stream = openStream(emulator, 'a.log', { signal: controller.signal });
  stream.write('aaaa');

  controller.abort(new Error('enough'));
  const [error] = await once(stream, 'error');

  expect(error).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR' });
  expect(error.cause.message).toBe('enough');
  expect(String(stream.takeUncommitted()?.bytes)).toBe('aaaa');
});

function closed(stream: AppendWritable): Promise<unknown> {
  return new Promise((resolve) => stream.once('close', resolve));
}

function endOfTick(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Resolves with the next uncaught exception, which would otherwise end the test run. */
function nextUncaught(): Promise<Error> {
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  return new Promise((resolve) => {
    process.once('uncaughtException', (error) => {
      for (const listener of others) process.on('uncaughtException', listener);
      resolve(error);
    });
  });
}
