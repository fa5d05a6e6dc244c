import { findSequence } from '../../rollover/find-sequence.js';
import type { FollowedSeries, SeriesPlace } from '../../rollover/followed-series.js';

/** Periods before the present one in which the last object is looked for. */
const periodsBack = 31;

/**
 * Finds the last object of a series: of the present period, or of one before it if there is none.
 *
 * @param now Milliseconds since 1970.
 * @param exists Whether there is an object `key`.
 * @returns `undefined` if there is none in any of these periods.
 */
export async function findLastPlace(
  series: FollowedSeries,
  now: number,
  exists: (key: string) => Promise<boolean>,
): Promise<SeriesPlace | undefined> {
  let first: SeriesPlace | undefined = { startedAt: now, sequence: 0 };
  for (let back = 0; first !== undefined && back <= periodsBack; back++) {
    const { startedAt } = first;
    const ask = async (sequence: number) =>
      (await exists(series.keyOf({ startedAt, sequence }))) || undefined;
    const last = await findSequence(ask, { seeksGap: series.seeksGap });
    if (last !== undefined) return { startedAt, sequence: last.sequence };
    first = series.before(first);
  }
  return undefined;
}
