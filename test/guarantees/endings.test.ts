import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../src/emulator/index.js';
import { type AppendWritable, OssClient } from '../../src/index.js';
import { closed } from '../helpers/closed.js';
import { eventsOf } from '../helpers/events-of.js';
import { connectionTo, openStream } from '../helpers/open-stream.js';
import { handedBack, reach, stageOptions, stages } from '../helpers/stages.js';

const bucket = 'examplebucket';

describe.each([
  {
    way: 'destroy()',
    stop: (stream: AppendWritable) => stream.destroy(),
    events: ['close'],
    told: { code: 'ERR_STREAM_DESTROYED' },
    errored: null,
  },
  {
    way: 'destroy(error)',
    stop: (stream: AppendWritable) => stream.destroy(new Error('enough')),
    events: ['error', 'close'],
    told: { message: 'enough' },
    errored: { message: 'enough' },
  },
  {
    way: 'an aborted signal',
    stop: (_stream: AppendWritable, controller: AbortController) => controller.abort('enough'),
    events: ['error', 'close'],
    told: { name: 'AbortError', code: 'ABORT_ERR', cause: 'enough' },
    errored: { name: 'AbortError' },
  },
])('$way', ({ stop, events, told, errored }) => {
  test.each(Object.entries(stages))(
    'while %s fails all pending callbacks, hands the rest back and sends no more requests',
    async (_name, stage) => {
      await using emulator = await startEmulator();
      const controller = new AbortController();
      const { signal } = controller;
      const stream = openStream(emulator, 'a.log', { ...stageOptions, signal });
      const waiting = await reach(stage, emulator, stream);
      const seen = eventsOf(stream, 'error', 'close', 'finish', 'commit', 'retry', 'reconcile');
      const requests = emulator.requests.length;
      let toldBefore = 0;
      stream.once(events[0] as string, () => {
        toldBefore = waiting.told.length;
      });

      stop(stream, controller);
      await closed(stream);
      await aWhile(emulator);

      // Node decides when it runs the callback of `end()`.
      const names = waiting.told.map(({ name }) => name);
      const isWrite = (name: string) => name !== 'end';
      expect(names.filter(isWrite)).toEqual(waiting.names.filter(isWrite));
      expect(names.toSorted()).toEqual(waiting.names.toSorted());
      expect(toldBefore).toBe(names.length);
      for (const { error } of waiting.told) expect(error).toMatchObject(told);
      expect(seen).toEqual(events);
      if (errored === null) expect(stream.errored).toBeNull();
      else expect(stream.errored).toMatchObject(errored);
      expect(stream.takeUncommitted()).toEqual(handedBack(stage, 'a.log'));
      expect(stream.takeUncommitted()).toBeUndefined();
      expect(stream.bytesWritten).toBe(stage.committed.length);
      expect(emulator.requests.slice(requests)).toEqual([wait]);
    },
  );
});

describe('end()', () => {
  test.each(Object.entries(stages))(
    "while %s commits everything, runs the callbacks in order and emits 'finish' once",
    async (_name, stage) => {
      await using emulator = await startEmulator();
      // A stalled append times out after this time and is reconciled.
      const stream = openStream(emulator, 'a.log', { ...stageOptions, requestTimeout: 120 });
      const { committed, isEnding = false, uncommitted } = stage;
      const { names, told } = await reach(stage, emulator, stream);
      const seen = eventsOf(stream, 'error', 'finish', 'close');

      if (!isEnding) {
        names.push('end');
        stream.end((error?: Error | null) => told.push({ name: 'end', error }));
      }
      await finished(stream);
      await closed(stream);

      expect(told.map(({ name }) => name)).toEqual(names);
      for (const { error } of told) expect(error ?? null).toBeNull();
      expect(seen).toEqual(['finish', 'close']);
      const object = String(await emulator.read(bucket, 'a.log'));
      expect(object).toBe(committed + (uncommitted?.bytes ?? ''));
      expect(stream.bytesWritten).toBe(Buffer.byteLength(object));
      expect(stream.writableLength).toBe(0);
      expect(stream.takeUncommitted()).toBeUndefined();
    },
  );

  test.each([
    { scenario: 'end(data)', call: (stream: AppendWritable) => stream.end('bb') },
    {
      scenario: 'end(data, encoding)',
      call: (stream: AppendWritable) => stream.end('6262', 'hex'),
    },
    {
      scenario: 'end(data) with more than a chunk, after a full chunk',
      call: (stream: AppendWritable) => stream.write('bbbb') && stream.end(Buffer.from('cccccc')),
    },
  ])('commits its data: $scenario', async ({ call }) => {
    await using emulator = await startEmulator();
    const stream = openStream(emulator, 'a.log', stageOptions);

    stream.write('aaa');
    call(stream);
    await stream.flush();

    expect(stream.writableFinished).toBe(true);
    expect(String(await emulator.read(bucket, 'a.log'))).toMatch(/^aaa(bb|bbbbcccccc)$/);
  });

  test("called twice runs both callbacks and emits 'finish' once", async () => {
    await using emulator = await startEmulator();
    const stream = openStream(emulator, 'a.log');
    const seen = eventsOf(stream, 'error', 'finish', 'close');

    const first = new Promise((resolve) => {
      stream.end('aaaa', (error?: unknown) => resolve(error));
    });
    const second = new Promise((resolve) => stream.end((error?: unknown) => resolve(error)));
    await Promise.all([first, second, closed(stream)]);

    expect([await first, await second]).toEqual([null, null]);
    expect(seen).toEqual(['finish', 'close']);
  });

  test.each([
    {
      scenario: "'finish'",
      settle: (stream: AppendWritable) => stream.end('aaaa'),
      code: 'ERR_STREAM_ALREADY_FINISHED',
    },
    {
      scenario: 'destroy(error)',
      settle: (stream: AppendWritable) => stream.destroy(new Error('enough')),
      code: 'ERR_STREAM_DESTROYED',
    },
  ])('after $scenario fails its callback with $code', async ({ settle, code }) => {
    await using emulator = await startEmulator();
    const stream = openStream(emulator, 'a.log');
    const seen = eventsOf(stream, 'error', 'finish', 'close');
    settle(stream);
    await closed(stream);
    const before = seen.length;

    const error = await new Promise((resolve) => stream.end((error?: unknown) => resolve(error)));

    expect(error).toMatchObject({ code });
    expect(seen).toHaveLength(before);
  });
});

describe('after end()', () => {
  test.each([
    {
      scenario: 'write()',
      call: (stream: AppendWritable) => new Promise((resolve) => stream.write('cc', resolve)),
    },
    {
      scenario: 'append()',
      call: (stream: AppendWritable) => stream.append('cc').catch((error) => error),
    },
    {
      scenario: 'end(data)',
      call: (stream: AppendWritable) =>
        new Promise((resolve) => {
          stream.end('cc', (error?: unknown) => resolve(error));
        }),
    },
  ])('$scenario fails and destroys the stream, which hands the rest back', async ({ call }) => {
    await using emulator = await startEmulator();
    const stream = openStream(emulator, 'a.log', stageOptions);
    const seen = eventsOf(stream, 'error', 'finish', 'close');
    stream.write('aaaa');
    await once(stream, 'commit');
    stream.end('bb');

    const error = await call(stream);
    await closed(stream);

    expect(error).toMatchObject({ code: 'ERR_STREAM_WRITE_AFTER_END' });
    expect(stream.errored).toBe(error);
    expect(seen).toEqual(['error', 'close']);
    expect(stream.takeUncommitted()).toMatchObject({ position: 4, bytes: Buffer.from('bb') });
  });

  test("and 'finish', write() and append() fail, and flush() resolves", async () => {
    await using emulator = await startEmulator();
    const stream = openStream(emulator, 'a.log');
    const seen = eventsOf(stream, 'error', 'finish', 'close');
    stream.end('aaaa');
    await closed(stream);

    const failed = await new Promise((resolve) => stream.write('bb', resolve));

    expect(failed).toMatchObject({ code: 'ERR_STREAM_WRITE_AFTER_END' });
    await expect(stream.append('bb')).rejects.toMatchObject({ code: 'ERR_STREAM_WRITE_AFTER_END' });
    await stream.flush();
    expect(seen).toEqual(['finish', 'close']);
    expect(String(await emulator.read(bucket, 'a.log'))).toBe('aaaa');
  });
});

/** The request that {@link aWhile} sends. */
const wait = expect.objectContaining({ key: 'another.log' });

/** Waits longer than several retries take, for an answer that the emulator delays. */
async function aWhile(emulator: Emulator): Promise<void> {
  const { retry: _, ...options } = connectionTo(emulator);
  const client = new OssClient(options);
  emulator.faults.add({ kind: 'delay', key: 'another.log', delay: 45 });
  await client.headObject('another.log');
  await client.close();
}
