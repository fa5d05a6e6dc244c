import { describe, expect, test, vi } from 'vitest';
import { assertTimeZone, Calendar } from '../../src/rollover/calendar.js';
import { calendarIntervals, timeZones, WallClock } from './time-zones.js';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const from = Date.UTC(2026, 0, 1);
const to = Date.UTC(2028, 0, 1);

const iso = (instant: number) => new Date(instant).toISOString();

describe('Calendar.labelOf()', () => {
  const instant = Date.UTC(2026, 10, 30, 23, 59, 59, 999);

  test.each([
    { interval: 'hour', timeZone: 'UTC', label: '2026-11-30T23' },
    { interval: 'day', timeZone: 'UTC', label: '2026-11-30' },
    { interval: 'month', timeZone: 'UTC', label: '2026-11' },
    { interval: 'hour', timeZone: 'Asia/Shanghai', label: '2026-12-01T07' },
    { interval: 'day', timeZone: 'Asia/Shanghai', label: '2026-12-01' },
    { interval: 'month', timeZone: 'Asia/Shanghai', label: '2026-12' },
    { interval: hour, timeZone: 'Asia/Shanghai', label: 498_911 },
    { interval: 7, timeZone: 'UTC', label: Math.floor(instant / 7) },
  ] as const)('is $label for $interval in $timeZone', ({ interval, timeZone, label }) => {
    expect(new Calendar(interval, timeZone).labelOf(instant)).toBe(label);
  });

  test('calls midnight hour 00 and gives a year four digits', () => {
    const instant = Date.parse('0987-01-02T00:00Z');

    expect(new Calendar('hour', 'UTC').labelOf(instant)).toBe('0987-01-02T00');
  });

  test('does not keep the label of a minute for another one, earlier or later', () => {
    const calendar = new Calendar('hour', 'UTC');
    const labels = [0, 1, -1, hour - 1, hour].map((later) =>
      calendar.labelOf(Date.UTC(2026, 0, 1, 12) + later),
    );

    expect(labels).toEqual([12, 12, 11, 12, 13].map((each) => `2026-01-01T${each}`));
  });

  test('asks Intl once for all calls within a minute, as startOf() and nextCheck() do not', () => {
    const asked = vi.spyOn(Intl.DateTimeFormat.prototype, 'formatToParts');
    const calendar = new Calendar('day', 'Asia/Shanghai');
    calendar.labelOf(from);
    calendar.startOf(from - 100 * day);
    calendar.nextCheck(from - 100 * day);
    asked.mockClear();
    for (let instant = from; instant < from + minute; instant += 100) calendar.labelOf(instant);
    expect(asked).toHaveBeenCalledTimes(0);

    calendar.labelOf(from + minute);
    expect(asked).toHaveBeenCalledTimes(1);
    asked.mockRestore();
  });
});

describe.each(timeZones)('Calendar in %s', (timeZone) => {
  const wall = new WallClock(timeZone);
  const changes = wall.changes(from, to);

  test.each(calendarIntervals)('labels every minute around a change: %s', (interval) => {
    const calendar = new Calendar(interval, timeZone);
    for (const change of changes) {
      const minutes = Array.from({ length: 360 }, (_, index) => change + (index - 180) * minute);
      expect(minutes.map((instant) => calendar.labelOf(instant))).toEqual(
        minutes.map((instant) => wall.labelOf(interval, instant)),
      );
    }
  });

  test.each(calendarIntervals)('has each label once, in order: %s', (interval) => {
    const calendar = new Calendar(interval, timeZone);
    const stretches = wall.stretches(interval, from, to);
    const labels = stretches.map(({ start }) => String(calendar.labelOf(start)));
    expect(labels).toEqual(stretches.map(({ label }) => label));

    const late = labels.filter((label, index) => label <= (labels[index - 1] ?? ''));
    // Two hours are there twice, in turn, when clocks are put back by two hours.
    const isTwice = timeZone === 'Antarctica/Troll' && interval === 'hour';
    expect(late).toEqual(isTwice ? ['2026-10-25T01', '2027-10-31T01'] : []);
    expect(labels.length - new Set(labels).size).toBe(isTwice ? 4 : 0);
  });

  test('leaves out no day', () => {
    const calendar = new Calendar('day', timeZone);
    const noons = Array.from({ length: 365 }, (_, index) => from + (index + 0.5) * day);
    const labels = new Set(noons.map((noon) => calendar.labelOf(noon)));

    expect(labels.size).toBe(365);
  });

  test.each(calendarIntervals)('knows where periods start and end: %s', (interval) => {
    const calendar = new Calendar(interval, timeZone);
    const isNear = (instant: number) =>
      changes.some((change) => Math.abs(change - instant) < 2 * day);
    const chosen = wall
      .stretches(interval, from, to)
      .filter(({ start }, index) => interval !== 'hour' || index % 100 === 0 || isNear(start));
    const wrong: string[] = [];
    for (const { start, end, label } of chosen) {
      for (const instant of [start, start + 1, start + 0.4 * (end - start), end - 1]) {
        const found = calendar.startOf(instant);
        if (found !== start) wrong.push(`${label}: ${iso(instant)} began ${iso(found)}`);
        const next = calendar.nextCheck(instant);
        const expected = Math.min(end, instant + hour);
        if (next !== expected) wrong.push(`${label}: next after ${iso(instant)} is ${iso(next)}`);
      }
    }

    expect(chosen.length).toBeGreaterThan(20);
    expect(wrong).toEqual([]);
  });

  // The half hours of the tests above miss nothing.
  test('changes labels only on the half hour', () => {
    for (const change of changes) {
      const byMinute = wall.stretches('hour', change - 6 * hour, change + 6 * hour, minute);
      const byHalfHour = wall.stretches('hour', change - 6 * hour, change + 6 * hour);
      expect(byMinute).toEqual(byHalfHour);
    }
  });
});

describe('Calendar', () => {
  test.each([
    { timeZone: 'America/New_York', date: '2026-03-08', start: '05:00', hours: 23 },
    { timeZone: 'America/New_York', date: '2026-11-01', start: '04:00', hours: 25 },
    { timeZone: 'Australia/Lord_Howe', date: '2026-04-05', start: '13:00', hours: 24.5 },
    { timeZone: 'Antarctica/Troll', date: '2026-10-25', start: '22:00', hours: 26 },
    { timeZone: 'Asia/Shanghai', date: '2026-11-30', start: '16:00', hours: 24 },
  ])('knows that $date has $hours hours in $timeZone', ({ timeZone, date, start, hours }) => {
    const calendar = new Calendar('day', timeZone);
    const noon = Date.parse(`${date}T12:00Z`);
    const begun = calendar.startOf(noon);

    expect(iso(begun)).toContain(`T${start}:00.000Z`);
    expect(calendar.labelOf(begun)).toBe(date);
    expect(calendar.labelOf(begun - 1)).not.toBe(date);
    expect(calendar.startOf(begun + hours * hour - 1)).toBe(begun);
    expect(calendar.startOf(begun + hours * hour)).toBe(begun + hours * hour);
  });

  test('goes on after a day that a country left out', () => {
    const calendar = new Calendar('day', 'Pacific/Apia');
    const change = Date.parse('2011-12-30T10:00Z');

    expect(calendar.labelOf(change - 1)).toBe('2011-12-29');
    expect(calendar.labelOf(change)).toBe('2011-12-31');
    expect(calendar.startOf(change + hour)).toBe(change);
    expect(calendar.nextCheck(change - minute)).toBe(change);
  });

  test('finds the start of a month with few questions', () => {
    const asked = vi.spyOn(Intl.DateTimeFormat.prototype, 'formatToParts');
    new Calendar('month', 'Europe/Berlin').startOf(Date.parse('2026-10-31T12:00Z'));

    expect(asked.mock.calls.length).toBeLessThan(40);
    asked.mockRestore();
  });

  test('has a month with 31 days and an hour', () => {
    const calendar = new Calendar('month', 'Europe/Berlin');
    const start = Date.parse('2026-09-30T22:00Z');

    expect(calendar.startOf(start + 31 * day + hour - 1)).toBe(start);
    expect(calendar.startOf(start + 31 * day + hour)).toBe(start + 31 * day + hour);
  });

  test('counts milliseconds from 1970, whatever the time zone', () => {
    const calendar = new Calendar(7000, 'Asia/Kolkata');

    expect([-1, 0, 6999, 7000].map((instant) => calendar.labelOf(instant))).toEqual([-1, 0, 0, 1]);
    expect([-1, 0, 6999, 7000].map((instant) => calendar.startOf(instant))).toEqual([
      -7000, 0, 0, 7000,
    ]);
    expect([-1, 0, 6999, 7000].map((instant) => calendar.nextCheck(instant))).toEqual([
      0, 7000, 7000, 14_000,
    ]);
  });

  test('looks at the clock at least once an hour', () => {
    expect(new Calendar(30 * day, 'UTC').nextCheck(from)).toBe(from + hour);
    expect(new Calendar('month', 'UTC').nextCheck(from + 0.5)).toBe(from + hour + 0.5);
  });
});

describe('assertTimeZone()', () => {
  test.each(['UTC', 'Asia/Shanghai', 'asia/shanghai', 'Etc/GMT-8', 'Antarctica/Troll'])(
    'accepts %s',
    (timeZone) => {
      expect(() => assertTimeZone('create AppendWritable', timeZone)).not.toThrow();
    },
  );

  test.each(['Mars/Olympus_Mons', '', 'Asia/Shanghai ', 'local'])('refuses %j', (timeZone) => {
    expect(() => assertTimeZone('create AppendWritable', timeZone)).toThrow(
      new RangeError(
        "Cannot create AppendWritable as 'rollover.timeZone' must be the name of a time zone such " +
          `as 'UTC' or 'Asia/Shanghai': current value is '${timeZone}'`,
      ),
    );
  });

  test.each([undefined, null, 8, {}])('refuses %j, which is not a string', (timeZone) => {
    expect(() => assertTimeZone('create AppendWritable', timeZone)).toThrow(TypeError);
  });
});
