import { once } from 'node:events';
import type { FaultKind } from 'oss-append-stream/emulator';
import type { Interference } from '../examine-ending.js';
import { drawClient, patientSettings } from '../stream-options.js';
import type { World } from '../world.js';
import { Writer } from '../writer.js';

interface Hostility {
  readonly kind: FaultKind;
  readonly outcomes: readonly string[];
  readonly interference: Interference;
}

const hostilities: readonly Hostility[] = [
  { kind: 'stranger', outcomes: ['APPEND_ERR_DIVERGED'], interference: 'appended' },
  { kind: 'stranger-drop', outcomes: ['APPEND_ERR_DIVERGED'], interference: 'appended' },
  { kind: 'delete', outcomes: ['APPEND_ERR_DIVERGED'], interference: 'removed' },
  {
    kind: 'replace',
    outcomes: ['APPEND_ERR_DIVERGED', 'APPEND_ERR_NOT_APPENDABLE'],
    interference: 'removed',
  },
  { kind: 'seal', outcomes: ['APPEND_ERR_NOT_APPENDABLE'], interference: 'none' },
  {
    // Diverged where HEAD is forbidden: the stream then reconciles with an empty append.
    kind: 'wrong-crc',
    outcomes: ['APPEND_ERR_CHECKSUM', 'APPEND_ERR_DIVERGED'],
    interference: 'none',
  },
  { kind: 'forbid', outcomes: ['APPEND_ERR_SERVICE'], interference: 'none' },
  { kind: 'expired-token', outcomes: ['APPEND_ERR_SERVICE'], interference: 'none' },
];

/** A store, or another writer, that does what no stream survives. */
export async function hostile(world: World): Promise<void> {
  const { random, store } = world;
  const { kind, outcomes, interference } = random.pick(hostilities);
  const chunkSize = random.pick([500, 2000]);
  const settings = { ...patientSettings(world), ...drawClient(world), chunkSize };
  const writer = new Writer(world, kind, { ...settings, verify: 'crc64' });
  await once(writer.stream, 'ready');
  const { key } = writer.subject;
  const nth = random.integer(1, 4);
  await store.call('addFault', { kind, operation: 'append', key, nth, times: 1 });
  for (let lines = random.integer(1, 30); lines > 0; lines--) writer.write(300);
  writer.stream.end();
  // Unconfirmed: an earlier append got no answer, and the store then refuses to answer a HEAD.
  // Finished: the fault did no harm, as the object then shows.
  const always = ['APPEND_ERR_UNCONFIRMED', 'finished'];
  await writer.verify({ outcomes: [...outcomes, ...always], interference });
}
