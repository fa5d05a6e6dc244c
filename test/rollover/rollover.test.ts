import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Calendar } from '../../src/rollover/calendar.js';
import { KeyTemplate } from '../../src/rollover/key-template.js';
import { Period } from '../../src/rollover/period.js';
import { Rollover, type RolloverOptions } from '../../src/rollover/rollover.js';

const names = { hostname: 'web-1', pid: 1, id: '00000000' };
const hour = 3_600_000;

const at = (time: string, date = '2026-11-30') => Date.parse(`${date}T${time}Z`);

/** Names objects from 2026-11-30 10:00 on. */
function create(key: string, interval?: 'day' | number): Rollover {
  const template = new KeyTemplate('test', key, 'UTC', names);
  const { dateUnit } = template;
  const startedAt = at('10:00');
  return new Rollover({
    keyOf: (fields) => template.key(fields),
    date: dateUnit && new Period(new Calendar(dateUnit, 'UTC'), startedAt),
    calendar: interval === undefined ? undefined : new Calendar(interval, 'UTC'),
    startedAt,
  });
}

/** The keys of a stream whose objects begin at these times. */
function keysOf(rollover: Rollover, ...startedAt: readonly number[]): readonly string[] {
  return startedAt.map((start) => {
    rollover.next(start);
    return rollover.key;
  });
}

describe('Rollover.next()', () => {
  test('counts the objects of each date from 0', () => {
    const times = [at('11:00'), at('00:00', '2026-12-01'), at('09:00', '2026-12-01')];

    expect(keysOf(create('{MM}-{dd}'), ...times)).toEqual(['11-30.1', '12-01', '12-01.1']);
    expect(keysOf(create('{yyyy}-{MM}'), ...times)).toEqual(['2026-11.1', '2026-12', '2026-12.1']);
  });

  test('counts the objects of each hour where the keys show hours', () => {
    const times = [at('10:59'), at('11:00'), at('11:00', '2026-12-01')];

    expect(keysOf(create('{dd}T{HH}'), ...times)).toEqual(['30T10.1', '30T11', '01T11']);
  });

  test('goes on counting on a date that it returns to', () => {
    const other = at('00:00', '2026-12-01');

    expect(keysOf(create('{dd}'), at('10:00'), other, at('10:00'), other)).toEqual([
      '30.1',
      '01',
      '30.2',
      '01.1',
    ]);
  });

  test('goes on counting where the date comes again', () => {
    const times = [at('11:00'), at('10:00', '2026-12-01'), at('11:30', '2026-12-01')];

    expect(keysOf(create('{HH}'), ...times)).toEqual(['11', '10.1', '11.1']);
  });

  test('stays on its date while the clock is a little behind', () => {
    const times = [at('11:05'), at('10:45'), at('10:44')];

    expect(keysOf(create('{HH}'), ...times)).toEqual(['11', '11.1', '10.1']);
  });

  test('counts through where keys show no date', () => {
    expect(keysOf(create('{seq}', 'day'), at('00:00', '2026-12-01'))).toEqual(['000001']);
  });

  test('remembers a thousand dates', () => {
    const rollover = create('{yyyy}{MM}{dd}{HH}');
    rollover.next();
    for (let passed = 1; passed <= 1001; passed++) rollover.next(at('10:00') + passed * hour);

    expect(keysOf(rollover, at('12:00'), at('10:00'))).toEqual(['2026113012.1', '2026113010']);
  });
});

const minute = 60_000;

const anyLives = fc.record({
  date: fc.constantFrom('{yyyy}', '{yyyy}-{MM}', '{yyyy}-{MM}-{dd}', '{yyyy}-{MM}-{dd}T{HH}'),

  /** For each life, how much later each object begins. */
  lives: fc.array(
    fc.array(
      fc.oneof(
        fc.integer({ min: 0, max: 2 * hour }),
        fc.integer({ min: 0, max: 40 * 24 * hour }),
        // The clock is corrected, by less than what makes a stream return.
        fc.integer({ min: -15 * minute, max: -1 }),
      ),
    ),
  ),
});

test('names have the order of the objects, over restarts and small corrections of the clock', () => {
  const property = ({ date, lives }: typeof anyLives extends fc.Arbitrary<infer T> ? T : never) => {
    const template = new KeyTemplate('test', `${date}/{seq}`, 'UTC', names);
    const keys: string[] = [];
    let latest = at('10:00');
    for (const life of lives) {
      const calendar = new Calendar(template.dateUnit ?? 'year', 'UTC');
      const period = new Period(calendar, latest);
      const keyOf: RolloverOptions['keyOf'] = (fields) => template.key(fields);
      const options = { keyOf, date: period, calendar: undefined, startedAt: latest };
      const rollover = new Rollover(options);
      // As a start does: behind the last object of the date.
      while (keys.includes(rollover.key)) rollover.use(rollover.sequence + 1);
      keys.push(rollover.key);
      for (const later of life) {
        rollover.next(latest + later);
        latest = Math.max(latest, latest + later);
        keys.push(rollover.key);
      }
    }

    expect(keys).toEqual([...new Set(keys)].sort());
  };
  fc.assert(fc.property(anyLives, property));
});

describe('Rollover.nextInPeriod()', () => {
  test.each([
    { interval: undefined, key: '12-01' },
    { interval: 'day', key: '11-30.1' },
    { interval: 24 * hour, key: '11-30.1' },
    // The first of December begins within a period.
    { interval: 5 * hour, now: at('00:30', '2026-12-01'), start: at('22:00'), key: '12-01' },
  ] as const)('has the present date within the interval: $interval', (row) => {
    const rollover = create('{MM}-{dd}', row.interval);
    if ('start' in row) rollover.postpone(row.start);
    rollover.nextInPeriod('now' in row ? row.now : at('00:30', '2026-12-01'));

    expect(rollover.key).toBe(row.key);
  });
});

describe('Rollover.postpone()', () => {
  test('does not count an object that nothing was appended to', () => {
    const rollover = create('{dd}');
    rollover.postpone(at('00:00', '2026-12-01'));
    rollover.next(at('10:00'));

    expect(rollover.key).toBe('30');
  });
});
