import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { maxAppendableObjectSize } from '../append/append-target.js';
import type { AppenderOptions } from '../append/appender-options.js';
import { assertInteger, assertOneOf, isRecord, rangeError, typeError } from '../assertions.js';
import type { WriteBufferOptions } from '../buffer/write-buffer-options.js';
import { isError } from '../is-error.js';
import { assertObjectKey, maxKeyLength } from '../oss/request/object-key.js';
import { assertTimeZone, Calendar, type DateUnit, type Interval } from '../rollover/calendar.js';
import { type KeyFields, KeyTemplate } from '../rollover/key-template.js';
import { Period } from '../rollover/period.js';
import { Rollover } from '../rollover/rollover.js';
import { nodeTimers } from '../timers/node-timers.js';
import type { AppendWritableOptions, RolloverOptions } from './stream-options.js';

/** Longest interval in milliseconds: a date can still be made of where it begins. */
const longestInterval = 8.64e15;

/** Number of an object that few streams get to. */
const largeSequence = 999_999;

export interface ResolvedRollover {
  readonly appender: Pick<AppenderOptions, 'key' | 'series' | 'conflict'>;
  readonly objects: WriteBufferOptions['objects'];
}

interface Sizes {
  readonly chunkSize: number;
  readonly highWaterMark: number;
}

/**
 * Checks `key`, `rollover` and `conflict`, and applies their defaults.
 *
 * @throws {TypeError} If one is of the wrong type or shape, or does not go with another option.
 * @throws {RangeError} If one is out of range.
 */
export function resolveRollover(
  act: string,
  options: AppendWritableOptions,
  sizes: Sizes,
): ResolvedRollover {
  const { key, position, conflict = 'fail' } = options;
  const rollover = resolveFields(act, options.rollover);
  assertConflict(act, options, rollover !== undefined);
  if (rollover === undefined) {
    if (typeof key === 'function') {
      throw new TypeError(`Cannot ${act} as a function as 'key' needs 'rollover'`);
    }
    assertObjectKey(key, act);
    return { appender: { key, series: undefined, conflict }, objects: undefined };
  }
  if (position !== undefined) {
    throw new TypeError(
      `Cannot ${act} with both 'position' and 'rollover': a position is that of one object`,
    );
  }
  const { interval, maxSize, timeZone } = resolveLimits(act, rollover, sizes);
  const now = nodeTimers.date();
  const calendar = interval === undefined ? undefined : new Calendar(interval, timeZone);
  const period = calendar && new Period(calendar, now);
  const { dateUnit, showsPeriod, ...keys } = resolveKeys(act, key, { interval, timeZone });
  const date = dateUnit && new Period(new Calendar(dateUnit, timeZone), now);
  const series = new Rollover({ keyOf: keys.keyOf, date, calendar, startedAt: now });
  return {
    appender: {
      key: series.key,
      series: {
        ...keys,
        rollover: series,
        maxSize,
        continues: interval === undefined || showsPeriod,
      },
      conflict,
    },
    objects: { maxSize, period },
  };
}

const fieldNames = ['maxSize', 'interval', 'timeZone'] as const satisfies (keyof RolloverOptions)[];

function resolveFields(act: string, rollover: unknown = false): RolloverOptions | undefined {
  if (rollover === false) return undefined;
  if (rollover === true) return {};
  if (!isRecord(rollover)) throw typeError(act, 'rollover', 'an object or a boolean', rollover);
  for (const name of Object.keys(rollover)) {
    if (fieldNames.some((known) => known === name)) continue;
    throw typeError(act, 'rollover', `an object of ${fieldNames.join(', ')}`, rollover);
  }
  return rollover;
}

function resolveLimits(
  act: string,
  rollover: RolloverOptions,
  { chunkSize, highWaterMark }: Sizes,
) {
  const { interval, timeZone = 'UTC' } = rollover;
  // What was accepted before the object is opened may come on top of it.
  const most = Math.max(maxAppendableObjectSize - highWaterMark, chunkSize);
  const { maxSize = most } = rollover;
  assertInteger(act, 'rollover.maxSize', maxSize, chunkSize, maxAppendableObjectSize);
  assertTimeZone(act, timeZone);
  if (typeof interval === 'number') {
    assertInteger(act, 'rollover.interval', interval, 1, longestInterval);
  } else if (interval !== undefined) {
    assertOneOf(act, 'rollover.interval', interval, ['hour', 'day', 'month']);
  }
  return { interval, maxSize, timeZone };
}

interface KeySource {
  readonly keyOf: (fields: KeyFields, act: string) => string;

  /** The finest part of the date that keys show, as far as that is known. */
  readonly dateUnit: DateUnit | undefined;
  readonly showsPeriod: boolean;
  readonly isUnique: boolean;
  readonly seeksGap: boolean;
}

function resolveKeys(
  act: string,
  key: AppendWritableOptions['key'],
  { interval, timeZone }: { interval: Interval | undefined; timeZone: string },
): KeySource {
  const source = typeof key === 'function' ? keysOfFunction(act, key) : undefined;
  if (source !== undefined) return source;
  if (typeof key !== 'string') throw typeError(act, 'key', 'a string or a function', key);
  const names = { hostname: hostname(), pid: process.pid, id: randomBytes(4).toString('hex') };
  const template = new KeyTemplate(act, key, timeZone, names);
  const showsPeriod = interval !== undefined && template.shows(interval);
  if (typeof interval === 'string') template.assertShows(act, interval);
  const { isUnique, hasSequence, dateUnit } = template;
  const keyOf = (fields: KeyFields, act: string) => {
    const made = template.key(fields);
    assertObjectKey(made, act);
    return made;
  };
  assertKeys(act, template);
  const seeksGap = hasSequence && dateUnit === undefined;
  return { keyOf, dateUnit, showsPeriod, isUnique, seeksGap };
}

/**
 * Checks the keys of the first object and of one with a large number, since a stream that has begun
 * must not find out that a key is too long.
 */
function assertKeys(act: string, template: KeyTemplate): void {
  const startedAt = new Date(nodeTimers.date());
  assertObjectKey(template.key({ sequence: 0, startedAt }), act);
  const byteLength = Buffer.byteLength(template.key({ sequence: largeSequence, startedAt }));
  if (byteLength <= maxKeyLength) return;
  const rule = `a template whose keys have 1 to ${maxKeyLength} bytes of UTF-8, also that of object ${largeSequence}, which has ${byteLength}`;
  throw rangeError(act, 'key', rule, template.text);
}

function keysOfFunction(act: string, key: (fields: KeyFields) => string): KeySource {
  const keyOf = (fields: KeyFields, act: string) => {
    const made: unknown = callKey(act, key, fields);
    assertObjectKey(made as string, act);
    return made as string;
  };
  const startedAt = new Date(nodeTimers.date());
  const first = keyOf({ sequence: 0, startedAt }, act);
  if (first === keyOf({ sequence: 1, startedAt }, act)) {
    throw typeError(act, 'key', `a function that gives each 'sequence' a key of its own`, first);
  }
  return { keyOf, dateUnit: undefined, showsPeriod: false, isUnique: false, seeksGap: false };
}

function callKey(act: string, key: (fields: KeyFields) => unknown, fields: KeyFields): unknown {
  try {
    return key(fields);
  } catch (thrown) {
    if (isError(thrown)) throw thrown;
    const rule = `'key' threw a value of type ${typeof thrown} instead of an Error`;
    throw new TypeError(`Cannot ${act} as ${rule}`);
  }
}

function assertConflict(act: string, options: AppendWritableOptions, hasRollover: boolean): void {
  const { conflict = 'fail', position, recordDelimiter = false } = options;
  assertOneOf(act, 'conflict', conflict, ['fail', 'rebase', 'rollover']);
  if (conflict === 'fail') return;
  const refuse = (rule: string) => {
    throw new TypeError(`Cannot ${act} as 'conflict: ${conflict}' ${rule}`);
  };
  if (position !== undefined) refuse("does not go with 'position'");
  if (conflict === 'rollover' && !hasRollover) refuse("needs 'rollover'");
  if (conflict === 'rebase' && recordDelimiter === false) {
    refuse("needs 'recordDelimiter': records of several writers are mixed, and none is divided");
  }
}
