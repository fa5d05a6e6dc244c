import { describe, expect, test } from 'vitest';
import { findLastPlace } from '../../../src/read/follow/find-last-place.js';
import { SuccessorSearch } from '../../../src/read/follow/successor-search.js';
import { Calendar } from '../../../src/rollover/calendar.js';
import { FollowedSeries, type SeriesPlace } from '../../../src/rollover/followed-series.js';
import { KeyTemplate } from '../../../src/rollover/key-template.js';

const names = { hostname: '', pid: 0, id: '' };
const template = new KeyTemplate('test', '{yyyy}-{MM}-{dd}.log', 'UTC', names);
const days = new FollowedSeries(template, new Calendar('day', 'UTC'));
const numbers = new FollowedSeries(new KeyTemplate('test', '{seq}', 'UTC', names), undefined);

/** A store of empty objects that counts what it is asked. */
function storeOf(...keys: string[]) {
  const asked: string[] = [];
  const exists = async (key: string) => {
    asked.push(key);
    return keys.includes(key);
  };
  return { keys, asked, exists };
}

const keyOf = (place: SeriesPlace | undefined) => place && days.keyOf(place);

describe('SuccessorSearch', () => {
  const place = { startedAt: Date.parse('2026-11-01T12:00Z'), sequence: 0 };

  function search(store: ReturnType<typeof storeOf>, series = days) {
    const found = new SuccessorSearch({ series, place, exists: store.exists });
    return (now: string, isBegun = true) => found.find(Date.parse(now), { isBegun });
  }

  test('finds the next object of the period', async () => {
    const store = storeOf('2026-11-01.1.log', '2026-11-02.log');

    expect(keyOf(await search(store)('2026-11-02T01:00Z'))).toBe('2026-11-01.1.log');
    expect(store.asked).toEqual(['2026-11-01.1.log']);
  });

  test('asks once within the period', async () => {
    const store = storeOf();

    expect(await search(store)('2026-11-01T23:00Z')).toBeUndefined();
    expect(store.asked).toEqual(['2026-11-01.1.log']);
  });

  test('finds the first object of the next period', async () => {
    const store = storeOf('2026-11-02.log');

    expect(keyOf(await search(store)('2026-11-02T01:00Z'))).toBe('2026-11-02.log');
  });

  test('leaves out none in between, although a later one exists', async () => {
    const store = storeOf('2026-11-30.log', '2026-11-07.log', '2026-11-21.log');

    expect(keyOf(await search(store)('2026-11-30T01:00Z'))).toBe('2026-11-07.log');
  });

  test('prefers one that appears while it searches to a later one', async () => {
    const store = storeOf('2026-11-03.log');
    const exists = async (key: string) => {
      const found = await store.exists(key);
      if (key === '2026-11-03.log') store.keys.push('2026-11-01.1.log', '2026-11-02.log');
      return found;
    };
    const found = await new SuccessorSearch({ series: days, place, exists }).find(
      Date.parse('2026-11-03T01:00Z'),
      { isBegun: true },
    );

    expect(keyOf(found)).toBe('2026-11-01.1.log');
  });

  test('asks for ten objects at most while there are none, and for each of them in turn', async () => {
    const store = storeOf();
    const find = search(store);
    for (let poll = 0; poll < 4; poll++) {
      const before = store.asked.length;
      expect(await find('2026-11-30T01:00Z')).toBeUndefined();
      expect(store.asked.length - before).toBeLessThanOrEqual(10);
    }

    expect(new Set(store.asked).size).toBe(1 + 29);
  });

  test('finds one in between that appears after weeks, though nothing is new in the present', async () => {
    const store = storeOf();
    const find = search(store);
    for (let poll = 0; poll < 3; poll++) await find('2026-11-30T01:00Z');
    store.keys.push('2026-11-02.log');
    const found: (string | undefined)[] = [];
    for (let poll = 0; poll < 4; poll++) found.push(keyOf(await find('2026-11-30T01:00Z')));

    expect(found).toContain('2026-11-02.log');
  });

  test('asks for no period before, where the clock was set back', async () => {
    const store = storeOf('2026-10-31.log');

    expect(await search(store)('2026-10-31T01:00Z')).toBeUndefined();
    expect(store.asked).toEqual(['2026-11-01.1.log']);
  });

  test('expects only a later period while the object itself does not exist', async () => {
    const store = storeOf('2026-11-01.1.log', '2026-11-02.log');

    expect(keyOf(await search(store)('2026-11-02T01:00Z', false))).toBe('2026-11-02.log');
    expect(store.asked).not.toContain('2026-11-01.1.log');
  });

  test('counts without periods where there are none', async () => {
    const store = storeOf('000001');

    const found = await search(store, numbers)('2026-11-30T01:00Z');

    expect(found).toEqual({ ...place, sequence: 1 });
  });
});

describe('findLastPlace()', () => {
  const now = Date.parse('2026-11-30T01:00Z');

  test('finds the last object of the present period', async () => {
    const store = storeOf(
      ...[0, 1, 2, 3, 4].map((it) => keyOf({ startedAt: now, sequence: it }) ?? ''),
    );

    expect(keyOf(await findLastPlace(days, now, store.exists))).toBe('2026-11-30.4.log');
  });

  test('goes back to the last period that has one, by 31 periods at most', async () => {
    const store = storeOf('2026-11-02.log', '2026-11-02.1.log');
    const old = storeOf('2026-10-29.log');

    expect(keyOf(await findLastPlace(days, now, store.exists))).toBe('2026-11-02.1.log');
    expect(await findLastPlace(days, now, old.exists)).toBeUndefined();
    expect(old.asked).toHaveLength(32);
  });

  test('asks for the first one alone where there is one period', async () => {
    const series = new FollowedSeries(new KeyTemplate('test', 'app.log', 'UTC', names), undefined);
    const store = storeOf();

    expect(await findLastPlace(series, now, store.exists)).toBeUndefined();
    expect(store.asked).toEqual(['app.log']);
  });

  test('looks behind a gap where the first objects may have been deleted', async () => {
    const store = storeOf('000004', '000005');

    expect(await findLastPlace(numbers, now, store.exists)).toMatchObject({ sequence: 5 });
  });
});
