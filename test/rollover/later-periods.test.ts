import { describe, expect, test } from 'vitest';
import { Calendar } from '../../src/rollover/calendar.js';
import { laterPeriods } from '../../src/rollover/later-periods.js';
import { timeZones, WallClock } from './time-zones.js';

const iso = (instant: number) => new Date(instant).toISOString().slice(0, 16);

function periods(interval: 'hour' | 'day' | 'month', from: string, now: string, timeZone = 'UTC') {
  const calendar = new Calendar(interval, timeZone);
  return [...laterPeriods(calendar, Date.parse(from), Date.parse(now))].map(iso);
}

describe('laterPeriods()', () => {
  test.each([
    {
      scenario: 'none within the period',
      range: ['2026-11-28T10:00Z', '2026-11-28T23:59Z'],
      starts: [],
    },
    {
      scenario: 'the present one from its first instant on',
      range: ['2026-11-28T10:00Z', '2026-11-29T00:00Z'],
      starts: ['2026-11-29T00:00'],
    },
    {
      scenario: 'all in between',
      range: ['2026-11-28T10:00Z', '2026-12-01T10:00Z'],
      starts: ['2026-11-29T00:00', '2026-11-30T00:00', '2026-12-01T00:00'],
    },
    {
      scenario: 'none while the clock is behind',
      range: ['2026-11-28T10:00Z', '2026-11-20T10:00Z'],
      starts: [],
    },
  ])('goes through $scenario', ({ range: [from = '', now = ''], starts }) => {
    expect(periods('day', from, now)).toEqual(starts);
  });

  test('knows that months differ, and that days have 23 or 25 hours', () => {
    expect(periods('month', '2026-01-31T12:00Z', '2026-04-02T00:00Z')).toEqual([
      '2026-02-01T00:00',
      '2026-03-01T00:00',
      '2026-04-01T00:00',
    ]);
    const zone = 'America/New_York';
    expect(periods('day', '2026-10-31T12:00Z', '2026-11-02T12:00Z', zone)).toEqual([
      '2026-11-01T04:00',
      '2026-11-02T05:00',
    ]);
  });

  test.each(timeZones)('leaves out no hour in %s, and has none twice', (timeZone) => {
    // Clocks change in these weeks.
    for (const [from, to] of [
      [Date.UTC(2026, 2, 26), Date.UTC(2026, 3, 6)],
      [Date.UTC(2026, 9, 24), Date.UTC(2026, 10, 2)],
    ] as const) {
      const stretches = new WallClock(timeZone).stretches('hour', from, to);
      const calendar = new Calendar('hour', timeZone);
      const found = [...laterPeriods(calendar, from, to - 1)].map((at) => calendar.labelOf(at));

      // The last one has not ended.
      expect(found.slice(0, -1)).toEqual([...new Set(stretches.map(({ label }) => label))]);
    }
  });
});
