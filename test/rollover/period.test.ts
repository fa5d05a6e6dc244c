import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { Calendar, type Interval } from '../../src/rollover/calendar.js';
import { Period } from '../../src/rollover/period.js';
import { calendarIntervals, timeZones } from './time-zones.js';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const tolerance = 15 * minute;

const noon = Date.parse('2026-11-30T12:00Z');

/** Looks at the clock whenever that is due, and returns the labels of the periods entered. */
function walk(calendar: Calendar, from: number, to: number, late: () => number = () => 0) {
  const period = new Period(calendar, from);
  const labels = [period.label];
  let checks = 0;
  for (let now = from; now < to; now = period.nextCheck(now) + late()) {
    checks++;
    if (!period.isOver(now)) continue;
    period.enter(now);
    labels.push(period.label);
  }
  return { labels, checks };
}

describe('Period', () => {
  test.each([
    { interval: 'hour', label: '2026-11-30T12' },
    { interval: 'day', label: '2026-11-30' },
    { interval: 'month', label: '2026-11' },
    { interval: hour, label: noon / hour },
  ] as const)('is that of the instant when it is made: $interval', ({ interval, label }) => {
    expect(new Period(new Calendar(interval, 'UTC'), noon).label).toBe(label);
  });

  test.each([
    { later: 0, isOver: false },
    { later: hour - 1, isOver: false },
    { later: hour, isOver: true },
    { later: 365 * day, isOver: true },
    { later: -1, isOver: false },
    { later: -tolerance, isOver: false },
    { later: -tolerance - 1, isOver: true },
    { later: -365 * day, isOver: true },
  ])('of an hour is over: $isOver, $later ms after its start', ({ later, isOver }) => {
    for (const interval of ['hour', hour] as const) {
      const period = new Period(new Calendar(interval, 'UTC'), noon + 20 * minute);

      expect(period.isOver(noon + later)).toBe(isOver);
    }
  });

  test('measures how far the clock is behind from the start of the period it entered', () => {
    const period = new Period(new Calendar('hour', 'UTC'), noon);
    period.enter(noon + hour + 5 * minute);

    expect(period.label).toBe('2026-11-30T13');
    expect(period.isOver(noon + hour - tolerance)).toBe(false);
    expect(period.isOver(noon + hour - tolerance - 1)).toBe(true);
  });

  test('does not keep the stream in 2098 when a clock is put right', () => {
    const period = new Period(new Calendar('day', 'Asia/Shanghai'), Date.parse('2098-01-01'));

    expect(period.isOver(noon)).toBe(true);
    period.enter(noon);
    expect(period.label).toBe('2026-11-30');
    expect(period.isOver(noon + hour)).toBe(false);
  });

  test('compares numbers as numbers', () => {
    const period = new Period(new Calendar(minute, 'UTC'), 9 * minute);

    expect(period.label).toBe(9);
    expect(period.isOver(10 * minute)).toBe(true);
  });

  test('does not ask Intl again within a minute', () => {
    const asked = vi.spyOn(Intl.DateTimeFormat.prototype, 'formatToParts');
    const period = new Period(new Calendar('hour', 'Asia/Shanghai'), noon);
    asked.mockClear();
    for (let now = noon; now < noon + minute; now += 100) period.isOver(now);
    expect(asked).toHaveBeenCalledTimes(0);

    // Also where the clock is behind.
    period.isOver(noon - 1);
    asked.mockClear();
    for (let now = noon - 1; now >= noon - minute; now -= 100) period.isOver(now);
    expect(asked).toHaveBeenCalledTimes(0);
    asked.mockRestore();
  });
});

describe('Period.dateOf()', () => {
  test.each([
    { later: 59 * minute, date: 59 * minute },
    { later: 0, date: 0 },
    { later: -1, date: 0 },
    { later: -tolerance, date: 0 },
  ])('is $date ms after the start at $later ms after it', ({ later, date }) => {
    const period = new Period(new Calendar('hour', 'UTC'), noon + 30 * minute);

    expect(period.dateOf(noon + later)).toBe(noon + date);
  });

  test('has the label of the period, whatever the clock says', () => {
    const instant = fc.integer({ min: -30 * day, max: 30 * day }).map((later) => noon + later);
    const interval = fc.constantFrom<Interval>(...calendarIntervals, hour, 7001);
    fc.assert(
      fc.property(interval, fc.constantFrom(...timeZones), instant, instant, (...drawn) => {
        const [interval, timeZone, start, now] = drawn;
        const calendar = new Calendar(interval, timeZone);
        const period = new Period(calendar, start);

        expect(calendar.labelOf(period.dateOf(now))).toBe(period.label);
      }),
    );
  });
});

describe('a stream that looks at its clock', () => {
  const from = Date.UTC(2026, 0, 1);

  test.each(timeZones)('enters each period once, in order, in %s', (timeZone) => {
    const spans = [
      // The days on which clocks are changed, in each of the zones.
      { interval: 'hour', from: '2026-02-13', to: '2026-02-17' },
      { interval: 'hour', from: '2026-03-06', to: '2026-04-07' },
      { interval: 'hour', from: '2026-10-02', to: '2026-10-06' },
      { interval: 'hour', from: '2026-10-23', to: '2026-11-03' },
      { interval: 'day', from: '2026-01-01', to: '2027-01-01' },
      { interval: 'month', from: '2026-01-01', to: '2028-01-01' },
    ] as const;
    for (const { interval, from, to } of spans) {
      const calendar = new Calendar(interval, timeZone);
      const { labels } = walk(calendar, Date.parse(from), Date.parse(to));

      expect(labels).toEqual([...new Set(labels)].sort());
      expect(labels.length).toBeGreaterThan({ hour: 90, day: 364, month: 23 }[interval]);
    }
  });

  test('enters 3,652 days in ten years, and waits for no more than an hour', () => {
    const { labels, checks } = walk(new Calendar('day', 'UTC'), from, Date.UTC(2036, 0, 1));

    expect(labels).toHaveLength(3652);
    expect(labels.at(-1)).toBe('2035-12-31');
    expect(checks).toBe(3652 * 24);
  });

  test('enters each day once, however late it looks', () => {
    let turn = 0;
    // 0 to 50 minutes.
    const late = () => ((turn++ * 7919) % 51) * minute;
    const { labels } = walk(new Calendar('day', 'Europe/Berlin'), from, from + 365 * day, late);

    expect(labels).toEqual([...new Set(labels)].sort());
    expect(labels).toHaveLength(366);
  });

  // Hours as Antarctica/Troll has them when summer ends: 01, 02, 01, 02, 03.
  test('stays in its hour while two hours are repeated', () => {
    const calendar = new Calendar('hour', 'Antarctica/Troll');
    const first = Date.parse('2026-10-24T23:00Z');
    const hours = Array.from({ length: 5 }, (_, index) => first + index * hour);
    expect(hours.map((instant) => String(calendar.labelOf(instant)).slice(-2))).toEqual([
      '01',
      '02',
      '01',
      '02',
      '03',
    ]);

    const period = new Period(calendar, first);
    const entered = hours.map((instant) => {
      if (period.isOver(instant)) period.enter(instant);
      return String(period.label).slice(-2);
    });
    expect(entered).toEqual(['01', '02', '02', '02', '03']);
  });

  // Clocks were put back at one minute past midnight, to the day before.
  test('stays in a day of which one minute came an hour early', () => {
    const calendar = new Calendar('day', 'America/St_Johns');
    const midnight = Date.parse('2010-11-07T02:30Z');
    expect(calendar.labelOf(midnight - 1)).toBe('2010-11-06');
    expect(calendar.labelOf(midnight)).toBe('2010-11-07');
    expect(calendar.labelOf(midnight + minute)).toBe('2010-11-06');

    const period = new Period(calendar, midnight);
    expect(period.isOver(midnight + minute)).toBe(false);
    expect(period.isOver(midnight + 24 * hour)).toBe(false);
    expect(period.isOver(midnight + 25 * hour)).toBe(true);
  });
});

describe('a stream whose clock jumps', () => {
  const jumps = fc.array(
    fc.oneof(
      fc.integer({ min: -20 * minute, max: 20 * minute }),
      fc.integer({ min: -2 * day, max: 2 * day }),
      fc.integer({ min: -70 * 365 * day, max: 70 * 365 * day }),
    ),
    { minLength: 1, maxLength: 30 },
  );
  const interval = fc.constantFrom<Interval>(...calendarIntervals, hour, minute);

  test('is in the period of its clock, or not more than 15 minutes before its own', () => {
    fc.assert(
      fc.property(interval, jumps, (interval, drawn) => {
        const calendar = new Calendar(interval, 'Asia/Kolkata');
        const period = new Period(calendar, noon);
        let now = noon;
        for (const jump of drawn) {
          // From 1900 to 2150: the clock says nothing stranger.
          now = Math.min(Math.max(now + jump, -70 * 365 * day), 180 * 365 * day);
          if (period.isOver(now)) period.enter(now);
          if (period.label === calendar.labelOf(now)) continue;
          expect(calendar.startOf(period.dateOf(now)) - now).toBeGreaterThan(0);
          expect(calendar.startOf(period.dateOf(now)) - now).toBeLessThanOrEqual(tolerance);
        }
      }),
    );
  });

  test('does not go back and forth while the clock is corrected by up to 15 minutes', () => {
    const steps = fc.array(fc.integer({ min: -tolerance, max: tolerance }), { maxLength: 30 });
    fc.assert(
      fc.property(steps, (drawn) => {
        const period = new Period(new Calendar('day', 'UTC'), noon);
        const midnight = noon + 12 * hour;
        const entered = drawn.filter((step) => {
          const isOver = period.isOver(midnight + step);
          if (isOver) period.enter(midnight + step);
          return isOver;
        });

        expect(entered.length).toBe(drawn.some((step) => step >= 0) ? 1 : 0);
      }),
    );
  });
});
