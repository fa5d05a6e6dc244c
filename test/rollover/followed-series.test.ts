import { describe, expect, test } from 'vitest';
import { Calendar } from '../../src/rollover/calendar.js';
import { FollowedSeries } from '../../src/rollover/followed-series.js';
import { KeyTemplate } from '../../src/rollover/key-template.js';
import { timeZones } from './time-zones.js';

const names = { hostname: '', pid: 0, id: '' };

function series(template: string, interval?: 'hour' | 'day' | 'month', timeZone = 'UTC') {
  const calendar = interval === undefined ? undefined : new Calendar(interval, timeZone);
  return new FollowedSeries(new KeyTemplate('test', template, timeZone, names), calendar);
}

const at = (date: string, sequence = 0) => ({ startedAt: Date.parse(date), sequence });

describe('FollowedSeries', () => {
  test('names objects by period and sequence', () => {
    const days = series('{yyyy}-{MM}-{dd}.log', 'day', 'Asia/Shanghai');

    expect(days.keyOf(at('2026-11-28T17:00Z', 2))).toBe('2026-11-29.2.log');
    expect(
      [...days.after(at('2026-11-28T12:00Z', 5), Date.parse('2026-11-29T17:00Z'))].map(keyOf),
    ).toEqual(['2026-11-29.log', '2026-11-30.log']);
    function keyOf(place: { startedAt: number; sequence: number }) {
      return days.keyOf(place);
    }
  });

  test('goes back by one period', () => {
    const months = series('{yyyy}-{MM}', 'month');

    const before = months.before(at('2026-03-15T00:00Z', 3));

    expect(before?.sequence).toBe(0);
    expect(before && months.keyOf(before)).toBe('2026-02');
  });

  test('knows which of two periods is later', () => {
    const days = series('{yyyy}{MM}{dd}', 'day');

    expect(days.isPeriodAfter(at('2026-11-29T00:00Z'), at('2026-11-28T23:59Z'))).toBe(true);
    expect(days.isPeriodAfter(at('2026-11-28T23:59Z', 9), at('2026-11-28T00:00Z'))).toBe(false);
    expect(days.isPeriodAfter(at('2026-11-27T23:59Z'), at('2026-11-28T00:00Z'))).toBe(false);
  });

  test('has one period without a calendar', () => {
    const numbers = series('{seq}.log');

    expect(numbers.isPeriodAfter(at('2027-01-01T00:00Z'), at('2026-01-01T00:00Z'))).toBe(false);
    expect(numbers.before(at('2027-01-01T00:00Z'))).toBeUndefined();
    expect([...numbers.after(at('2026-01-01T00:00Z'), Date.parse('2027-01-01T00:00Z'))]).toEqual(
      [],
    );
  });

  test.each([
    { template: '{seq}.log', seeksGap: true },
    { template: 'app.log', seeksGap: false },
    { template: '{yyyy}-{MM}-{dd}-{seq}.log', seeksGap: false },
  ])('may begin behind a gap only where it counts without a date: $template', (row) => {
    expect(series(row.template).seeksGap).toBe(row.seeksGap);
  });

  test.each(timeZones)('finds the object of each of its keys in %s', (timeZone) => {
    const hours = series('{yyyy}/{MM}/{dd}/{HH}.log', 'hour', timeZone);
    const months = series('{yyyy}-{MM}-{seq}.log', 'month', timeZone);
    // Clocks change on some of these days.
    for (let at = Date.UTC(2026, 0, 1); at < Date.UTC(2027, 0, 1); at += 31.3 * 3_600_000) {
      for (const each of [hours, months]) {
        const key = each.keyOf({ startedAt: at, sequence: 12 });
        const found = each.placeOf(key);
        expect(found && each.keyOf(found)).toBe(key);
        expect(found?.sequence).toBe(12);
        expect(found?.startedAt).toBeLessThanOrEqual(at);
      }
    }
  });

  test('finds the object of a key without a date', () => {
    expect(series('app.log').placeOf('app.3.log')).toMatchObject({ sequence: 3 });
  });

  test.each([
    'app.log',
    '2026-02-30.log',
    '2026-13-01.log',
    '2026-11-28.0.log',
    '2026-11-28.log.gz',
  ])('knows that %s is none of them', (key) => {
    expect(series('{yyyy}-{MM}-{dd}.log', 'day').placeOf(key)).toBeUndefined();
  });
});
