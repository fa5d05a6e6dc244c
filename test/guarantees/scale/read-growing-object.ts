import { Remote } from '../../helpers/remote.js';
import type { GrowingObjectFunctions } from './growing-object-process.js';
import type { LongReading, ReaderFunctions } from './reader-process.js';

/**
 * Reads an object of `length` bytes, the first half of it in one stretch, and the rest in stretches of
 * 16 MiB, which are held back until they are proved.
 */
export async function readGrowingObject(length: number): Promise<LongReading> {
  await using server = new Remote<GrowingObjectFunctions>(
    'test/guarantees/scale/growing-object-process',
  );
  await using reader = new Remote<ReaderFunctions>('test/guarantees/scale/reader-process');
  const growth = { length: length / 2, step: 16 * 2 ** 20, final: length };
  const endpoint = await server.call('start', growth);
  return await reader.call('read', endpoint, length);
}
