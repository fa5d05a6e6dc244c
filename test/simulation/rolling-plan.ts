import type { AppendWritableOptions } from '../../src/index.js';
import { KeyScheme } from './key-scheme.js';
import { type Interval, LocalPeriods } from './local-period.js';
import type { Incarnation } from './object-history.js';
import type { Random } from './random.js';
import { strangeData } from './source.js';

/** Length of the largest object of OSS, and the least of what its documents may mean. */
const gibibytes = 5 * 2 ** 30;
const gigabytes = 5e9;

/** Dates just behind which a period begins: years, leap days, and clocks that are changed. */
const turns: Readonly<Record<string, readonly string[]>> = {
  UTC: ['2027-01-01T00:00Z', '2028-02-29T00:00Z', '2028-03-01T00:00Z'],
  'Europe/Berlin': ['2026-10-25T01:00Z', '2026-10-25T23:00Z', '2027-03-28T01:00Z'],
  'America/New_York': ['2026-11-01T06:00Z', '2027-03-14T07:00Z', '2027-01-01T05:00Z'],
  'Australia/Lord_Howe': ['2026-10-03T15:30Z', '2027-04-03T15:00Z', '2026-12-31T13:00Z'],
  'Asia/Kolkata': ['2026-12-31T18:30Z'],
  'Asia/Shanghai': ['2026-12-31T16:00Z'],
};

/** How the streams of a life divide what they write between objects. */
export interface RollingPlan {
  readonly keys: KeyScheme;

  /** Most bytes of an object; `undefined` for the default. */
  readonly maxSize: number | undefined;
  readonly periods: LocalPeriods | undefined;
  readonly timeZone: string;
  readonly conflict: 'fail' | 'rebase' | 'rollover';

  /** When the life begins, milliseconds since 1970. */
  readonly startsAt: number;

  /** Most bytes of an object in the store. */
  readonly storeLimit: number;

  /** Objects that exist when the life begins, by key. */
  readonly objects: ReadonlyMap<string, Partial<Incarnation>>;
}

/** What the plan of a life depends on. */
interface RollingTerms {
  /** Of the first stream. */
  readonly chunkSize: number;

  /** Whether streams append behind the bytes of others. */
  readonly isRebasing: boolean;
}

export function drawRollingPlan(
  random: Random,
  { chunkSize, isRebasing }: RollingTerms,
): RollingPlan {
  const interval = random.pick<Interval | undefined>([
    ...[undefined, undefined, undefined, 'hour', 'hour', 'day', 'day', 'month'],
    ...[200, 5000, 86_400_000],
  ] as const);
  const timeZone = random.pick(Object.keys(turns));
  const turn = Date.parse(random.pick(turns[timeZone] ?? []));
  const startsAt = Math.floor(turn - random.next() * random.pick([100, 1000, 3000]));
  const keys = KeyScheme.draw(random, interval);
  const storeLimit = random.pick([gibibytes, gigabytes + 50]);
  const hidden = random.chance(0.05) ? storeLimit - random.integer(0, 100) : 0;
  const maxSize = drawMaxSize(random, chunkSize);
  const localTime = new LocalPeriods('hour', timeZone).textOf(startsAt);
  return {
    keys,
    maxSize: hidden > 0 ? gibibytes : maxSize,
    periods: interval === undefined ? undefined : new LocalPeriods(interval, timeZone),
    timeZone,
    conflict: isRebasing ? 'rebase' : random.pick(['fail', 'rollover']),
    startsAt,
    storeLimit,
    objects: drawObjects(random, keys, localTime, hidden),
  };
}

/** The options of a stream with chunks of `chunkSize`. */
export function rollingOptions(
  plan: RollingPlan,
  chunkSize: number,
): Pick<AppendWritableOptions, 'key' | 'rollover' | 'conflict'> {
  const { keys, periods, timeZone, conflict } = plan;
  const { interval } = periods ?? {};
  const maxSize = maxSizeOf(plan, chunkSize);
  const isPlain = maxSize === undefined && interval === undefined && timeZone === 'UTC';
  return {
    key: keys.key,
    conflict,
    rollover: isPlain || { maxSize, interval, timeZone },
  };
}

/** Most bytes of an object of a stream with chunks of `chunkSize`; `undefined` for the default. */
export function maxSizeOf(plan: RollingPlan | undefined, chunkSize: number): number | undefined {
  return plan?.maxSize && Math.max(plan.maxSize, chunkSize);
}

function drawMaxSize(random: Random, chunkSize: number): number | undefined {
  const some = [chunkSize, 2 * chunkSize, 3 * chunkSize + 5, chunkSize + 100];
  return random.pick([undefined, ...some, ...some]);
}

function drawObjects(
  random: Random,
  keys: KeyScheme,
  localTime: string,
  hidden: number,
): ReadonlyMap<string, Partial<Incarnation>> {
  const count = keys.isUnique ? 0 : random.pick([0, 0, 0, 1, 2, 4]);
  const objects = Array.from({ length: hidden > 0 ? 1 : count }, (_, sequence) => {
    const bytes = strangeData(hidden > 0 ? 0 : random.pick([0, 7, 40]), sequence);
    return [keys.keyAt(localTime, sequence), { bytes, hidden }] as const;
  });
  return new Map(objects);
}
