import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import { describe, expect, test } from 'vitest';
import { type FaultKind, startEmulator } from '../../src/emulator/index.js';
import { openStream } from '../helpers/open-stream.js';

const bucket = 'examplebucket';
const heads = ({ operation }: { operation: string }) => operation === 'head';

test('a lost answer does not duplicate bytes', async () => {
  await using emulator = await startEmulator();
  emulator.faults.add({ kind: 'drop-answer', operation: 'append', nth: 2 });
  const stream = openStream(emulator, 'a.log', { chunkSize: 4 });

  await pipeline(['aaaa', 'bbbb', 'cccc'], stream);

  expect(String(await emulator.read(bucket, 'a.log'))).toBe('aaaabbbbcccc');
  expect(emulator.requests.filter(heads)).toHaveLength(2); // opening, then reconciling
});

describe('every fault of one append, on the first, a middle and the last chunk', () => {
  const kinds: FaultKind[] = [
    ...(['drop-request', 'cut-request', 'drop-answer', 'cut-answer', 'delay'] as const),
    ...(['error-500', 'error-500-after', 'error-502-after', 'error-503'] as const),
    ...(['apply-late', 'early-conflict'] as const),
  ];

  test.each(kinds.flatMap((kind) => [1, 3, 5].map((nth) => ({ kind, nth }))))(
    '$kind on append $nth leaves every byte in the object once',
    async ({ kind, nth }) => {
      await using emulator = await startEmulator();
      emulator.faults.add({ kind, operation: 'append', nth, delay: 5 });
      const stream = openStream(emulator, 'a.log', { chunkSize: 4 });

      await pipeline(['aaaa', 'bbbb', 'cccc', 'dddd', 'ee'], stream);

      expect(String(await emulator.read(bucket, 'a.log'))).toBe('aaaabbbbccccddddee');
      expect(stream.bytesWritten).toBe(18);
      expect(emulator.requests.some(({ fault }) => fault === kind)).toBe(true);
    },
  );

  test.each(kinds.filter((kind) => kind !== 'delay'))(
    '%s three times in a row leaves every byte in the object once',
    async (kind) => {
      await using emulator = await startEmulator();
      emulator.faults.add({ kind, operation: 'append', nth: 2, times: 3, delay: 5 });
      const stream = openStream(emulator, 'a.log', { chunkSize: 4 });

      await pipeline(['aaaa', 'bbbb', 'cccc'], stream);

      expect(String(await emulator.read(bucket, 'a.log'))).toBe('aaaabbbbcccc');
    },
  );
});

test('a chunk applied after a HEAD saw the old length is not duplicated and causes no error', async () => {
  await using emulator = await startEmulator();
  emulator.faults.add({ kind: 'apply-late', operation: 'append', nth: 2, delay: 60 });
  const stream = openStream(emulator, 'a.log', {
    chunkSize: 4,
    retry: { retries: 3, minTimeout: 150, randomize: false },
  });
  const outcomes: string[] = [];
  stream.on('reconcile', ({ outcome }) => outcomes.push(outcome));

  await pipeline(['aaaa', 'bbbb', 'cccc'], stream);

  expect(outcomes).toEqual(['not-committed', 'committed']);
  expect(String(await emulator.read(bucket, 'a.log'))).toBe('aaaabbbbcccc');
  expect(stream.stats.attempts).toBe(3);
});

test('a chunk applied while its resend is in flight counts as committed', async () => {
  await using emulator = await startEmulator();
  emulator.faults.add({ kind: 'apply-late', operation: 'append', nth: 2, delay: 40 });
  // Delays the resend until the first attempt has been applied.
  emulator.faults.add({ kind: 'delay', operation: 'append', nth: 3, delay: 120 });
  const stream = openStream(emulator, 'a.log', { chunkSize: 4 });

  await pipeline(['aaaa', 'bbbb', 'cccc'], stream);

  expect(emulator.requests.some(({ status }) => status === 409)).toBe(true);
  expect(String(await emulator.read(bucket, 'a.log'))).toBe('aaaabbbbcccc');
});

test('an append that times out after it was applied is not duplicated', async () => {
  await using emulator = await startEmulator();
  emulator.faults.add({ kind: 'stall', operation: 'append', nth: 1 });
  const stream = openStream(emulator, 'a.log', { chunkSize: 4, requestTimeout: 50 });

  await pipeline(['aaaa', 'bbbb'], stream);

  expect(String(await emulator.read(bucket, 'a.log'))).toBe('aaaabbbb');
});

test('a HEAD that fails while reconciling is sent again', async () => {
  await using emulator = await startEmulator();
  emulator.faults.add({ kind: 'drop-answer', operation: 'append', nth: 1 });
  emulator.faults.add({ kind: 'drop-request', operation: 'head', nth: 2 });
  emulator.faults.add({ kind: 'error-500', operation: 'head', nth: 3 });
  const stream = openStream(emulator, 'a.log', { chunkSize: 4 });

  await pipeline(['aaaa', 'bbbb'], stream);

  expect(String(await emulator.read(bucket, 'a.log'))).toBe('aaaabbbb');
});

test('without permission to read, the stream reconciles with an empty append', async () => {
  await using emulator = await startEmulator();
  emulator.faults.add({ kind: 'forbid', operation: 'head' });
  emulator.faults.add({ kind: 'drop-answer', operation: 'append', nth: 3 });
  emulator.faults.add({ kind: 'drop-request', operation: 'append', nth: 5 });
  const stream = openStream(emulator, 'a.log', { chunkSize: 4 });

  await pipeline(['aaaa', 'bbbb', 'cccc'], stream);

  expect(emulator.requests.filter(heads)).toHaveLength(1);
  expect(String(await emulator.read(bucket, 'a.log'))).toBe('aaaabbbbcccc');
});

test('without checksums the stream reads the bytes back', async () => {
  await using emulator = await startEmulator();
  emulator.faults.add({ kind: 'drop-answer', operation: 'append', nth: 2 });
  emulator.faults.add({ kind: 'hide-crc' });
  const stream = openStream(emulator, 'a.log', { chunkSize: 4 });

  await pipeline(['aaaa', 'bbbb', 'cccc'], stream);

  expect(String(await emulator.read(bucket, 'a.log'))).toBe('aaaabbbbcccc');
  expect(emulator.requests.filter(({ operation }) => operation === 'get')).toHaveLength(1);
});

test("with verify: 'none' the stream still reconciles a lost answer", async () => {
  await using emulator = await startEmulator();
  emulator.faults.add({ kind: 'drop-answer', operation: 'append', nth: 2 });
  const stream = openStream(emulator, 'a.log', { chunkSize: 4, verify: 'none' });

  await pipeline(['aaaa', 'bbbb', 'cccc'], stream);

  expect(String(await emulator.read(bucket, 'a.log'))).toBe('aaaabbbbcccc');
});

test('the stream appends at the end of an existing object', async () => {
  await using emulator = await startEmulator();
  await pipeline(['aaaa'], openStream(emulator, 'a.log'));
  const stream = openStream(emulator, 'a.log');
  const [ready] = await once(stream, 'ready');

  await pipeline(['bbbb'], stream);

  expect(ready).toEqual({ key: 'a.log', position: 4 });
  expect(stream.bytesWritten).toBe(4);
  expect(stream.position).toBe(8);
  expect(String(await emulator.read(bucket, 'a.log'))).toBe('aaaabbbb');
});
