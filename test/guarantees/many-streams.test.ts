import { expect, test } from 'vitest';
import { Store } from '../comparing-store/store.js';
import { Remote } from '../helpers/remote.js';
import type { StreamsFunctions } from './scale/streams-process.js';

const streamCount = 1000;
const kibibyte = 1024;
const chunkSize = 64 * kibibyte;
const chunkCount = 4;

/** Bytes of memory that a stream may take that has nothing to do, whatever it did before. */
const idleMemory = 12 * kibibyte;

/** Bytes that all streams of a process keep together for what comes next. */
const sharedMemory = 32 * kibibyte * kibibyte;

// One process each for the streams and the store, which compares what comes with what it expects.
test('a thousand streams advance side by side on 100 connections, and cost little while idle', async () => {
  await using store = await Store.start();
  await using remote = new Remote<StreamsFunctions>('test/guarantees/scale/streams-process', {
    execArgv: ['--expose-gc'],
  });
  // To each its own bytes, so that none can be taken for another's.
  const periods = Array.from({ length: streamCount }, (_, index) =>
    Buffer.alloc(kibibyte, `Line of stream ${index}. `),
  );
  const targets = await Promise.all(
    periods.map((period) => store.expect({ period, delay: 0 }, 'http')),
  );
  const [{ key: _, ...connection }] = targets as [(typeof targets)[0]];
  const keys = targets.map(({ key }) => key);

  const before = await remote.call('holdings');
  await remote.call('open', connection, keys, chunkSize);
  const fresh = await remote.call('holdings');
  const chunks = periods.map((period) =>
    Buffer.concat(Array.from({ length: chunkSize / kibibyte }, () => period)),
  );
  const checkpoints = await remote.call('write', chunks, chunkCount);
  const used = await remote.call('holdings');
  const { most } = await store.connections();
  await remote.call('close');

  // Each object has all of its stream's bytes, and no others.
  for (const key of keys) {
    const { byteLength, mismatchAt, appends } = await store.take(key);
    expect({ byteLength, mismatchAt, appends }).toEqual({
      byteLength: chunkCount * chunkSize,
      mismatchAt: undefined,
      appends: chunkCount,
    });
  }
  expect(most).toBe(100);
  expect((await store.connections()).now).toBe(0);

  // Fair: with the same to do, nobody has done less than half or more than twice as much.
  const telling = checkpoints.filter(({ median }) => median >= 2);
  expect(telling.length).toBeGreaterThanOrEqual(3);
  for (const { least, median, most } of telling) {
    expect(least).toBeGreaterThanOrEqual(median / 2);
    expect(most).toBeLessThanOrEqual(2 * median);
  }

  // Idle: nothing keeps the process, not even the connections that wait for the next request.
  expect(fresh.resources).toEqual(before.resources);
  expect(used.resources).toEqual(before.resources);
  expect((fresh.memory - before.memory) / streamCount).toBeLessThan(idleMemory);
  const own = used.memory - before.memory - sharedMemory;
  expect(own / streamCount).toBeLessThan(idleMemory);
});
