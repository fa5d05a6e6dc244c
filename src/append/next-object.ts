import type { AppendTarget } from './append-target.js';
import type { ObjectProbe } from './object-probe.js';
import {
  findLastObject,
  newTarget,
  type ObjectSeries,
  type OpenOptions,
} from './open-last-object.js';

/** Objects that one chunk is refused by, in turn, before the stream gives up. */
export const maxRefusals = 100;

/** Refusals after which the following objects are looked for instead of tried. */
export const maxBlindRefusals = 3;

/**
 * The object behind `from`, before its first append.
 *
 * @param startedAt When its first bytes were accepted, in milliseconds since 1970.
 */
export function nextTarget(
  from: AppendTarget,
  { rollover }: ObjectSeries,
  startedAt: number,
): AppendTarget {
  // Nothing has been appended to an object that does not exist: its number is not left out.
  if (from.exists) rollover.next(startedAt);
  else rollover.postpone(startedAt);
  return newTarget(rollover);
}

/**
 * The object for bytes that the current one has refused.
 *
 * @param now The present, or when the bytes behind them were accepted if that is earlier, so that
 *   the date need not go back for those: in milliseconds since 1970.
 */
export function targetBehindRefusal({ rollover }: ObjectSeries, now: number): AppendTarget {
  rollover.nextInPeriod(now);
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
