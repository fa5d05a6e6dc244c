import type { ReadableOptions } from 'node:stream';
import {
  assertInteger,
  assertNumber,
  assertOptionalBoolean,
  assertSignal,
  isRecord,
  longestTimer,
  rangeError,
  typeError,
} from '../assertions.js';
import { warnOfMisspelt, warnOfUnknown } from '../option-warnings.js';
import { assertNoForeignCredentials } from '../oss/foreign-options.js';
import { assertObjectKey } from '../oss/request/object-key.js';
import { type ResolvedRequests, resolveRequests } from '../oss/request-options.js';
import type { FollowedSeries } from '../rollover/followed-series.js';
import type { PollIntervals } from './follow/poll-schedule.js';
import type { SeriesStart } from './follow/series-follower.js';
import type { ReadClient } from './read-requests.js';
import {
  type AppendReadableOptions,
  type FollowOptions,
  readOptionNames,
} from './readable-options.js';
import { resolveSeries, resolveSeriesStart } from './resolve-series.js';

/** One object, from `start` up to, but not including, `end`. */
export interface ObjectRange {
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

/** Objects one after the other. */
export interface ObjectsInTurn {
  readonly series: FollowedSeries;

  /** As {@link SeriesFollower} takes it. */
  readonly start: number | SeriesStart | undefined;
  readonly lag: number;
}

export interface ResolvedReadableOptions {
  readonly requests: ResolvedRequests<ReadClient>;
  readonly source: ObjectRange | ObjectsInTurn;
  readonly follow: PollIntervals | undefined;
  readonly signal: AbortSignal | undefined;

  /** For Node's own constructor. */
  readonly readable: ReadableOptions;
}

const followOptionNames = [
  'pollInterval',
  'maxPollInterval',
] as const satisfies (keyof FollowOptions)[];

/**
 * Copies the options, applies the defaults and checks them.
 *
 * @param act The action that fails, for messages.
 * @throws {TypeError} If one is of the wrong type or shape, or does not go with another option.
 * @throws {RangeError} If one is out of range.
 */
export function resolveReadableOptions(
  options: AppendReadableOptions,
  act: string,
): ResolvedReadableOptions {
  if (typeof options !== 'object' || options === null) {
    throw typeError(act, 'options', 'an object', options);
  }
  const { signal } = options;
  assertNoForeignCredentials(act, options);
  warnOfMisspelt(options, readOptionNames);
  assertSignal(act, signal);
  return {
    source: resolveSource(act, options),
    requests: resolveRequests(act, options, ['headObject', 'getObject']),
    follow: resolveFollow(act, options.follow),
    signal,
    readable: resolveReadable(act, options),
  };
}

function resolveSource(
  act: string,
  options: AppendReadableOptions,
): ResolvedReadableOptions['source'] {
  const { key, start, end, lag = 60_000 } = options;
  assertNumber(act, 'lag', lag, 0, longestTimer);
  const series = resolveSeries(act, options);
  if (series === undefined) {
    assertObjectKey(key, act);
    return { key, ...resolveRange(act, start, end) };
  }
  if (end !== undefined) {
    throw new TypeError(
      `Cannot ${act} with both 'end' and 'rollover': an end is that of one object`,
    );
  }
  return { series, start: resolveSeriesStart(act, start, series), lag };
}

function resolveRange(
  act: string,
  start: AppendReadableOptions['start'] = 0,
  end = Number.POSITIVE_INFINITY,
) {
  if (typeof start === 'object' && start !== null) {
    throw new TypeError(`Cannot ${act} as a 'start' with a key needs 'rollover'`);
  }
  assertInteger(act, 'start', start, 0, Number.MAX_SAFE_INTEGER);
  if (end === Number.POSITIVE_INFINITY) return { start, end };
  assertInteger(act, 'end', end, 0, Number.MAX_SAFE_INTEGER);
  if (end < start) throw rangeError(act, 'end', `at least 'start', ${start}`, end);
  return { start, end };
}

function resolveFollow(act: string, follow: unknown = false): PollIntervals | undefined {
  if (follow === false) return undefined;
  if (follow !== true && !isRecord(follow)) {
    throw typeError(act, 'follow', 'an object or a boolean', follow);
  }
  const given: FollowOptions = follow === true ? {} : follow;
  warnOfUnknown('follow', given, followOptionNames);
  const { maxPollInterval: longest = 10_000 } = given;
  assertNumber(act, 'follow.maxPollInterval', longest, 1, longestTimer);
  const { pollInterval = Math.min(1000, longest) } = given;
  assertNumber(act, 'follow.pollInterval', pollInterval, 1, longestTimer);
  const { maxPollInterval = Math.max(longest, pollInterval) } = given;
  if (maxPollInterval < pollInterval) {
    const rule = `at least 'follow.pollInterval', ${pollInterval}`;
    throw rangeError(act, 'follow.maxPollInterval', rule, maxPollInterval);
  }
  return { pollInterval, maxPollInterval };
}

function resolveReadable(act: string, options: AppendReadableOptions): ReadableOptions {
  const { highWaterMark = 65_536, encoding } = options;
  const { emitClose, autoDestroy, captureRejections } = options;
  if (Reflect.get(options, 'objectMode')) {
    throw typeError(act, 'objectMode', 'false: the stream reads bytes, not objects', true);
  }
  assertInteger(act, 'highWaterMark', highWaterMark, 1, Number.MAX_SAFE_INTEGER);
  if (encoding !== undefined && !Buffer.isEncoding(encoding)) {
    throw typeError(act, 'encoding', 'an encoding that Buffer knows', encoding);
  }
  const flags = { emitClose, autoDestroy, captureRejections };
  for (const [name, value] of Object.entries(flags)) assertOptionalBoolean(act, name, value);
  const given = Object.entries({ encoding, ...flags }).filter(([, it]) => it !== undefined);
  return { ...Object.fromEntries(given), highWaterMark };
}
