import type { ObjectStart } from '../rollover/rollover.js';
import type { AppendTarget } from './append-target.js';
import type { ObjectProbe } from './object-probe.js';
import {
  findLastObject,
  newTarget,
  type ObjectSeries,
  type OpenOptions,
} from './open-last-object.js';

/**
 * The object behind `from`, before its first append.
 *
 * @param start Where it begins in the stream; without it the rest of `from` goes there.
 */
export function nextTarget(
  from: AppendTarget,
  { rollover }: ObjectSeries,
  start?: ObjectStart,
): AppendTarget {
  // Nothing has been appended to an object that does not exist: its number is not left out.
  if (start !== undefined && !from.exists) rollover.postpone(start);
  else rollover.next(start);
  return newTarget(rollover);
}

/** Goes to the last object that exists behind the current one, so that the next one is free. */
export async function skipExistingObjects(
  probe: ObjectProbe,
  series: ObjectSeries,
  options: OpenOptions,
): Promise<void> {
  const { rollover } = series;
  const from = rollover.sequence + 1;
  const last = await findLastObject(probe, series, { ...options, from });
  if (last !== undefined) rollover.use(last.sequence);
}
