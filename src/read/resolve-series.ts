import { maxAppendableObjectSize } from '../append/append-target.js';
import { assertInteger, assertOneOf, isRecord, typeError } from '../assertions.js';
import { assertObjectKey } from '../oss/request/object-key.js';
import { assertTimeZone, Calendar } from '../rollover/calendar.js';
import { FollowedSeries } from '../rollover/followed-series.js';
import { KeyTemplate } from '../rollover/key-template.js';
import { nodeTimers } from '../timers/node-timers.js';
import type { SeriesStart } from './follow/series-follower.js';
import type { AppendReadableOptions, FollowedRolloverOptions } from './readable-options.js';

const fieldNames = [
  'interval',
  'timeZone',
  'maxSize',
] as const satisfies (keyof FollowedRolloverOptions)[];

/** A template that has these fields is refused, so that their values do not matter. */
const noNames = { hostname: '', pid: 0, id: '' };

/**
 * Checks `key` and `rollover`.
 *
 * @returns `undefined` without `rollover`.
 * @throws {TypeError} If one is of the wrong type or shape, or the keys cannot be known to a reader.
 * @throws {RangeError} If one is out of range.
 */
export function resolveSeries(
  act: string,
  { key, rollover }: Pick<AppendReadableOptions, 'key' | 'rollover'>,
): FollowedSeries | undefined {
  const fields = resolveFields(act, rollover);
  if (typeof key === 'function') {
    throw typeError(act, 'key', 'a string: keys that a function makes cannot be followed', key);
  }
  if (fields === undefined) return undefined;
  if (typeof key !== 'string') throw typeError(act, 'key', 'a string', key);
  const { interval, timeZone = 'UTC', maxSize } = fields;
  if (maxSize !== undefined) {
    assertInteger(act, 'rollover.maxSize', maxSize, 1, maxAppendableObjectSize);
  }
  assertTimeZone(act, timeZone);
  assertCalendarInterval(act, interval);
  const template = new KeyTemplate(act, key, timeZone, noNames);
  if (interval !== undefined) template.assertShows(act, interval);
  template.assertFollowable(act);
  const { dateUnit } = template;
  const calendar = dateUnit && new Calendar(dateUnit, timeZone);
  const series = new FollowedSeries(template, calendar);
  assertObjectKey(series.keyOf({ startedAt: nodeTimers.date(), sequence: 0 }), act);
  return series;
}

/**
 * Checks where to begin in the series.
 *
 * @throws {TypeError} If it is of the wrong type, or none of the series has that key.
 * @throws {RangeError} If a position is out of range.
 */
export function resolveSeriesStart(
  act: string,
  start: AppendReadableOptions['start'],
  series: FollowedSeries,
): number | SeriesStart | undefined {
  if (start === undefined) return undefined;
  if (typeof start !== 'object' || start === null) {
    assertInteger(act, 'start', start, 0, Number.MAX_SAFE_INTEGER);
    return start;
  }
  const { key, position } = start;
  assertInteger(act, 'start.position', position, 0, Number.MAX_SAFE_INTEGER);
  const place = typeof key === 'string' ? series.placeOf(key) : undefined;
  if (place === undefined) throw typeError(act, 'start.key', 'a key of the template', key);
  return { place, position };
}

function resolveFields(
  act: string,
  rollover: unknown = false,
): FollowedRolloverOptions | undefined {
  if (rollover === false) return undefined;
  if (rollover === true) return {};
  if (!isRecord(rollover)) throw typeError(act, 'rollover', 'an object or a boolean', rollover);
  for (const name of Object.keys(rollover)) {
    if (fieldNames.some((known) => known === name)) continue;
    throw typeError(act, 'rollover', `an object of ${fieldNames.join(', ')}`, rollover);
  }
  return rollover;
}

function assertCalendarInterval(
  act: string,
  interval: unknown,
): asserts interval is FollowedRolloverOptions['interval'] {
  if (interval === undefined) return;
  if (typeof interval === 'number') {
    const rule = `'hour', 'day' or 'month': no key shows an interval in milliseconds, and a reader needs none`;
    throw typeError(act, 'rollover.interval', rule, interval);
  }
  assertOneOf(act, 'rollover.interval', interval, ['hour', 'day', 'month']);
}
