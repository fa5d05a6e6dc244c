import { expect, test } from 'vitest';
import { Store } from '../comparing-store/store.js';
import { Remote } from '../helpers/remote.js';
import type { StreamsFunctions } from './scale/streams-process.js';

const streamCount = 1000;
const kibibyte = 1024;
const chunkSize = 64 * kibibyte;
const chunkCount = 4;

/** Bytes of memory that an idle stream may take, whatever it did before. */
const idleMemory = 12 * kibibyte;

/** Bytes that all streams of a process together keep for reuse. */
const sharedMemory = 32 * kibibyte * kibibyte;

// The store, in another process, compares the bytes it receives with those it expects.
test('a thousand streams progress evenly on 100 connections and take little memory while idle', async () => {
  await using store = await Store.start();
  await using remote = new Remote<StreamsFunctions>('test/guarantees/scale/streams-process', {
    execArgv: ['--expose-gc'],
  });
  // Each stream writes different bytes, so that a mix-up shows.
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

  // Fair: no stream has made less than half or more than twice the median of commits.
  const telling = checkpoints.filter(({ median }) => median >= 2);
  expect(telling.length).toBeGreaterThanOrEqual(3);
  for (const { least, median, most } of telling) {
    expect(least).toBeGreaterThanOrEqual(median / 2);
    expect(most).toBeLessThanOrEqual(2 * median);
  }

  // Idle: nothing keeps the process alive, not even the connections kept for the next request.
  expect(fresh.resources).toEqual(before.resources);
  expect(used.resources).toEqual(before.resources);
  expect((fresh.memory - before.memory) / streamCount).toBeLessThan(idleMemory);
  const own = used.memory - before.memory - sharedMemory;
  expect(own / streamCount).toBeLessThan(idleMemory);
});
