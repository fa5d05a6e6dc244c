import { once } from 'node:events';
import { expect, test, vi } from 'vitest';
import { type Fault, startEmulator } from '../../src/emulator/index.js';
import { closed } from '../helpers/closed.js';
import { openStream } from '../helpers/open-stream.js';

/** Destroys a stream whose first chunk, of 4 bytes, met a fault, and takes the uncommitted bytes. */
async function takeAfter(kind: Fault['kind']) {
  await using emulator = await startEmulator();
  emulator.faults.add({ kind, operation: 'append' });
  const stream = openStream(emulator, 'a.log', { chunkSize: 4, retry: { retries: 0 } });
  stream.on('error', () => {});
  await once(stream, 'ready');
  stream.write('aaaabb');
  const isOver = () => (kind === 'stall' ? emulator.requests.length > 1 : stream.destroyed);
  await vi.waitUntil(isOver, { timeout: 5000, interval: 1 });
  stream.destroy();
  await closed(stream);
  const uncommitted = stream.takeUncommitted();
  if (uncommitted === undefined) throw new Error('Nothing was handed back');
  return uncommitted;
}

test('the chunk in flight is doubtful, and the bytes after it are not', async () => {
  const uncommitted = await takeAfter('stall');

  expect(uncommitted).toStrictEqual({
    key: 'a.log',
    position: 0,
    bytes: Buffer.from('aaaabb'),
    confirmed: false,
    doubtful: 4,
  });
});

test('no bytes are doubtful when the chunk was refused', async () => {
  const uncommitted = await takeAfter('forbid');

  expect(uncommitted).toMatchObject({ confirmed: true, doubtful: 0, bytes: Buffer.from('aaaabb') });
});
