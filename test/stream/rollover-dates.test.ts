import { finished } from 'node:stream/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { AppendReadable, AppendWritable, type AppendWritableOptions } from '../../src/index.js';
import { answer } from '../append/scripted-client.js';
import { ScriptedStore } from '../append/scripted-store.js';
import { useFakeTimers, useRealTimers } from '../helpers/fake-timers.js';

afterEach(useRealTimers);

/** An object has room for two lines. */
const maxSize = 6;

const options = { chunkSize: 6, recordDelimiter: '\n' } as const;

interface Way {
  readonly key: string;
  readonly rollover: NonNullable<AppendWritableOptions['rollover']>;
}

function open(store: ScriptedStore, start: string, way: Partial<AppendWritableOptions>) {
  const now = Date.parse(start);
  // Where writers share an object, one of them pauses.
  const toFake = ['Date', ...(way.conflict === 'rebase' ? [] : ['setTimeout', 'clearTimeout'])];
  if (vi.isFakeTimers()) vi.setSystemTime(now);
  else useFakeTimers({ now, toFake: toFake as 'Date'[] });
  return new AppendWritable({ ...options, client: store, rollover: { maxSize }, key: '', ...way });
}

/** Writes lines, each at its time, and waits until it is committed. */
async function write(stream: AppendWritable, lines: Record<string, string>): Promise<void> {
  for (const [line, time] of Object.entries(lines)) {
    vi.setSystemTime(Date.parse(time));
    stream.write(`${line}\n`);
    await stream.flush();
  }
}

/** A process that writes lines and ends. */
async function live(
  store: ScriptedStore,
  way: Partial<AppendWritableOptions>,
  lines: Record<string, string>,
): Promise<void> {
  const [start = ''] = Object.values(lines);
  const stream = open(store, start, way);
  await write(stream, lines);
  stream.end();
  await finished(stream);
}

const sizeAlone: readonly Way[] = [
  { key: '{yyyy}-{MM}-{dd}.log', rollover: { maxSize } },
  { key: '{yyyy}-{MM}-{dd}/{seq}.log', rollover: { maxSize } },
];

const ways: readonly Way[] = [
  ...sizeAlone,
  { key: '{yyyy}-{MM}-{dd}/{seq}.log', rollover: { maxSize, interval: 6 * 3_600_000 } },
  { key: '{yyyy}{MM}{dd}/{HH}-{seq}.log', rollover: { maxSize, interval: 'day' } },
];

const firstLife = {
  r1: '2026-11-30T10:00Z',
  r2: '2026-11-30T10:01Z',
  r3: '2026-11-30T23:50Z',
  r4: '2026-11-30T23:51Z',
  r5: '2026-12-01T00:01Z',
  r6: '2026-12-01T00:02Z',
};
const secondLife = {
  r7: '2026-12-01T00:03Z',
  r8: '2026-12-01T00:04Z',
  r9: '2026-12-01T00:05Z',
  ra: '2026-12-01T06:00Z',
};
const everything = 'r1\nr2\nr3\nr4\nr5\nr6\nr7\nr8\nr9\nra\n';

describe('a date in the key that does not show the interval', () => {
  test.each(ways)(
    'leaves the order of names that of the records, over a restart: $key, $rollover',
    async (way) => {
      const store = new ScriptedStore();
      await live(store, way, firstLife);
      await live(store, way, secondLife);

      const names = Object.keys(store.contents).sort(byDateAndNumber);
      expect(names.map((name) => store.contents[name]).join('')).toBe(everything);
    },
  );

  test.each(ways)('can be followed by a reader: $key, $rollover', async ({ key, rollover }) => {
    const store = new ScriptedStore();
    await live(store, { key, rollover }, firstLife);
    vi.setSystemTime(Date.parse('2026-11-30T10:00Z'));
    const { interval } = rollover as { interval?: 'day' | number };
    const reader = new AppendReadable({
      client: store,
      key,
      rollover: interval === 'day' ? { interval } : true,
      follow: true,
      start: 0,
    });
    let text = '';
    reader.on('data', (bytes) => (text += bytes));
    await pass(100);
    expect(text).toMatch(/^r1\nr2\n/);
    vi.setSystemTime(Date.parse('2026-12-01T00:02Z'));
    await pass(60_000);
    expect(text).toBe(everything.slice(0, 18));
    await live(store, { key, rollover }, secondLife);
    await pass(60_000);
    reader.destroy();

    expect(text).toBe(everything);
  });

  test.each(sizeAlone)('begins each date at 0: $key', async (way) => {
    const store = new ScriptedStore();
    await live(store, way, firstLife);
    await live(store, way, secondLife);

    const name = (date: string, number: number) =>
      way.key.includes('seq') || number > 0
        ? `2026-${date}${way.key.includes('seq') ? `/00000${number}` : `.${number}`}.log`
        : `2026-${date}.log`;
    expect(store.contents).toEqual({
      [name('11-30', 0)]: 'r1\nr2\n',
      [name('11-30', 1)]: 'r3\nr4\n',
      [name('12-01', 0)]: 'r5\nr6\n',
      [name('12-01', 1)]: 'r7\nr8\n',
      [name('12-01', 2)]: 'r9\nra\n',
    });
  });

  test('goes back to no earlier date for a small correction of the clock', async () => {
    const store = new ScriptedStore();
    await live(
      store,
      { key: '{yyyy}-{MM}-{dd}.log' },
      {
        r1: '2026-11-30T23:58Z',
        r2: '2026-11-30T23:59Z',
        r3: '2026-12-01T00:05Z',
        r4: '2026-11-30T23:51Z',
        r5: '2026-11-30T23:52Z',
      },
    );

    expect(store.contents).toEqual({
      '2026-11-30.log': 'r1\nr2\n',
      '2026-12-01.log': 'r3\nr4\n',
      '2026-12-01.1.log': 'r5\n',
    });
  });

  test('takes the number behind its own when the clock returns to an earlier date', async () => {
    const store = new ScriptedStore();
    await live(
      store,
      { key: '{yyyy}-{MM}-{dd}.log' },
      {
        r1: '2026-11-30T10:00Z',
        r2: '2026-11-30T10:01Z',
        r3: '2098-01-01T00:00Z',
        r4: '2098-01-01T00:01Z',
        r5: '2026-11-30T10:04Z',
      },
    );

    expect(store.contents).toEqual({
      '2026-11-30.log': 'r1\nr2\n',
      '2098-01-01.log': 'r3\nr4\n',
      '2026-11-30.1.log': 'r5\n',
    });
    expect(store.calls.filter((call) => call.startsWith('append'))).toHaveLength(5);
  });

  test.each(['fail', 'rollover'] as const)(
    'takes the next free number of a date whose first ones exist, with conflict %s',
    async (conflict) => {
      const store = new ScriptedStore();
      store.at('2026-12-01.log').strangerAppends('theirs');
      store.at('2026-12-01.1.log').strangerAppends('theirs');
      await live(
        store,
        { key: '{yyyy}-{MM}-{dd}.log', conflict },
        {
          r1: '2026-11-30T10:00Z',
          r2: '2026-11-30T10:01Z',
          r3: '2026-12-01T00:00Z',
        },
      );

      expect(store.contents).toEqual({
        '2026-11-30.log': 'r1\nr2\n',
        '2026-12-01.log': 'theirs',
        '2026-12-01.1.log': 'theirs',
        '2026-12-01.2.log': 'r3\n',
      });
    },
  );

  test("takes the next free number of the new date with flags 'ax'", async () => {
    const store = new ScriptedStore();
    store.at('2026-12-01.log').strangerAppends('theirs');
    await live(
      store,
      { key: '{yyyy}-{MM}-{dd}.log', flags: 'ax' },
      {
        r1: '2026-11-30T10:00Z',
        r2: '2026-11-30T10:01Z',
        r3: '2026-12-01T00:00Z',
      },
    );

    expect(store.contents).toMatchObject({
      '2026-12-01.log': 'theirs',
      '2026-12-01.1.log': 'r3\n',
    });
  });

  test('does not go back for the records that wait, when an object is refused after an outage', async () => {
    const store = new ScriptedStore();
    const way = { key: '{yyyy}-{MM}-{dd}.log', conflict: 'rollover' } as const;
    const stream = open(store, '2026-11-30T22:00Z', way);
    await write(stream, { r1: '2026-11-30T22:00Z' });
    const { promise: outage, resolve: endOutage } = withResolvers();
    store.at('2026-11-30.log').script('append', async (call) => {
      await outage;
      return answer(call);
    });
    stream.write('r2\nr3\nr4\nr5\n');
    stream.end();
    store.at('2026-11-30.log').strangerAppends('theirs\n');
    vi.setSystemTime(Date.parse('2026-12-01T03:00Z'));
    endOutage();
    await finished(stream);

    const names = Object.keys(store.contents).sort(byDateAndNumber);
    expect(names.map((name) => store.contents[name]).join('')).toBe('r1\ntheirs\nr2\nr3\nr4\nr5\n');
    expect(names.at(-1)).toMatch(/^2026-11-30/);
  });

  test('writers that share objects go on to the same one on a later day', async () => {
    const store = new ScriptedStore();
    const way = { key: '{yyyy}-{MM}-{dd}.log', conflict: 'rebase', seal: true } as const;
    const one = open(store, '2026-11-30T10:00Z', way);
    const other = open(store, '2026-11-30T10:00Z', way);
    await write(one, { a1: '2026-11-30T10:00Z' });
    await write(other, { b1: '2026-11-30T10:01Z' });
    await write(one, { a2: '2026-12-01T10:00Z' });
    await write(other, { b2: '2026-12-01T10:01Z' });
    one.end();
    await finished(one);
    other.destroy();

    expect(store.contents).toEqual({
      '2026-11-30.log': 'a1\nb1\n',
      '2026-12-01.log': 'a2\nb2\n',
    });
  });

  test('writers that part at midnight meet again', async () => {
    const store = new ScriptedStore();
    const way = { key: '{yyyy}-{MM}-{dd}.log', conflict: 'rebase' } as const;
    const one = open(store, '2026-11-30T23:00Z', way);
    const other = open(store, '2026-11-30T23:00Z', way);
    await write(one, { a1: '2026-11-30T23:00Z', a2: '2026-11-30T23:01Z' });
    await write(one, { a3: '2026-11-30T23:59Z' });
    await write(other, {
      b1: '2026-12-01T00:01Z',
      b2: '2026-12-01T00:02Z',
      b3: '2026-12-01T00:03Z',
    });
    await write(one, { a4: '2026-12-01T00:04Z', a5: '2026-12-01T00:05Z', a6: '2026-12-01T00:06Z' });
    await write(other, { b4: '2026-12-01T00:07Z' });
    one.end();
    other.end();
    await Promise.all([finished(one), finished(other)]);

    expect(one.key).toBe(other.key);
    expect(one.key).toMatch(/^2026-12-01/);
  });
});

/** Lets time pass. */
async function pass(milliseconds: number): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    await vi.advanceTimersByTimeAsync(milliseconds / 20);
  }
}

function byDateAndNumber(one: string, other: string): number {
  const [date = '', number = '0'] = one.replace('.log', '').split('.');
  const [otherDate = '', otherNumber = '0'] = other.replace('.log', '').split('.');
  return date === otherDate ? Number(number) - Number(otherNumber) : date < otherDate ? -1 : 1;
}

function withResolvers() {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
