import { finished } from 'node:stream/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { AppendWritable, type AppendWritableOptions } from '../../src/index.js';
import { failure, failWith } from '../append/scripted-client.js';
import { ScriptedStore } from '../append/scripted-store.js';
import { useFakeTimers, useRealTimers } from '../helpers/fake-timers.js';

afterEach(() => {
  useRealTimers();
});

const day = '{yyyy}-{MM}-{dd}.log';
const hour = '{yyyy}-{MM}-{dd}T{HH}.log';

/** A stream of lines whose clock is at `start`. */
function open(
  start: string,
  options: Partial<AppendWritableOptions> = {},
  store = new ScriptedStore(),
) {
  useFakeTimers({
    now: Date.parse(start),
    toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'],
  });
  const stream = new AppendWritable({
    client: store,
    key: day,
    rollover: { interval: 'day' },
    recordDelimiter: '\n',
    ...options,
  });
  const log: string[] = [];
  stream.on('rollover', ({ from, to, reason }) => {
    log.push(`${from.key} at ${from.position} to ${to.key}: ${reason}`);
  });
  return { stream, store, log };
}

/** A stream whose store takes nothing for three days. */
function outageOfThreeDays(options: Partial<AppendWritableOptions> = {}) {
  const store = new ScriptedStore();
  const refusals = Array.from({ length: 400 }, () => failWith(failure.rejected()));
  store.at('2026-11-28.log').script('append', ...refusals);
  const retry = { retries: Number.POSITIVE_INFINITY, minTimeout: 1000, maxTimeout: 600_000 };
  return open('2026-11-28T12:00:00Z', { retry, ...options }, store);
}

/** Writes a line at an instant, and waits until everything is committed. */
async function writeAt(stream: AppendWritable, instant: string, line: string): Promise<void> {
  vi.setSystemTime(Date.parse(instant));
  stream.write(line);
  await stream.flush();
}

async function end(stream: AppendWritable): Promise<void> {
  stream.end();
  await finished(stream);
}

describe('rollover by calendar', () => {
  test('begins an object for each day on which something is written, and none for silence', async () => {
    const { stream, store, log } = open('2026-11-28T22:00:00Z');
    await writeAt(stream, '2026-11-28T23:59:59.999Z', 'last\n');
    await writeAt(stream, '2026-11-29T00:00:00Z', 'first\n');
    await writeAt(stream, '2026-12-06T12:00:00Z', 'a week later\n');
    await end(stream);

    expect(store.contents).toEqual({
      '2026-11-28.log': 'last\n',
      '2026-11-29.log': 'first\n',
      '2026-12-06.log': 'a week later\n',
    });
    expect(log).toEqual([
      '2026-11-28.log at 5 to 2026-11-29.log: interval',
      '2026-11-29.log at 6 to 2026-12-06.log: interval',
    ]);
    expect(store.calls.filter((call) => call.startsWith('head'))).toEqual(['head 2026-11-28.log']);
  });

  test('goes on for no bytes at all to no other object', async () => {
    const { stream, store, log } = open('2026-11-28T22:00:00Z', { recordDelimiter: false });
    await writeAt(stream, '2026-11-28T23:00:00Z', 'line');
    await writeAt(stream, '2026-11-29T01:00:00Z', '');
    await stream.append('');
    await end(stream);

    expect(log).toEqual([]);
    expect(store.contents).toEqual({ '2026-11-28.log': 'line' });
  });

  test('names the object after the day on which its first line was accepted', async () => {
    const { stream, store } = open('2026-11-28T22:00:00Z');
    await writeAt(stream, '2026-11-30T08:00:00Z', 'line\n');
    await end(stream);

    expect(store.contents).toEqual({ '2026-11-30.log': 'line\n' });
  });

  test('parts lines of two days that are in one chunk', async () => {
    const { stream, store } = open('2026-11-28T22:00:00Z', {
      flushInterval: Number.POSITIVE_INFINITY,
    });
    for (const time of ['2026-11-28T23:00:00Z', '2026-11-28T23:59:00Z', '2026-11-29T00:00:01Z']) {
      await vi.advanceTimersByTimeAsync(Date.parse(time) - Date.now());
      stream.write(`${time}\n`);
    }
    await end(stream);

    expect(store.contents).toEqual({
      '2026-11-28.log': '2026-11-28T23:00:00Z\n2026-11-28T23:59:00Z\n',
      '2026-11-29.log': '2026-11-29T00:00:01Z\n',
    });
  });

  test('keeps a line with the day on which it begins, also where its beginning is sent before', async () => {
    const { stream, store } = open('2026-11-28T23:00:00Z');
    await writeAt(stream, '2026-11-28T23:00:00Z', 'one\n');
    stream.write('two\nbeg');
    await vi.advanceTimersByTimeAsync(1000);
    expect(store.contents).toEqual({ '2026-11-28.log': 'one\ntwo\n' });
    await writeAt(stream, '2026-11-29T00:00:01Z', 'un\nthree\nfo');
    await writeAt(stream, '2026-11-30T00:00:01Z', 'ur\nfive\n');
    await end(stream);

    expect(store.contents).toEqual({
      '2026-11-28.log': 'one\ntwo\nbegun\n',
      '2026-11-29.log': 'three\nfour\n',
      '2026-11-30.log': 'five\n',
    });
  });

  test('keeps the days of what was written during an outage of three days', async () => {
    const { stream, store } = outageOfThreeDays();
    for (const text of ['28T12', '29T12', '30T12']) {
      await vi.advanceTimersByTimeAsync(Date.parse(`2026-11-${text}:00:00Z`) - Date.now());
      stream.write(`${text}\n`);
    }
    expect(store.contents).toEqual({});
    stream.end();
    await vi.advanceTimersByTimeAsync(10 * 24 * 3_600_000);
    await finished(stream);

    expect(store.contents).toEqual({
      '2026-11-28.log': '28T12\n',
      '2026-11-29.log': '29T12\n',
      '2026-11-30.log': '30T12\n',
    });
  });

  test('keeps the days of large writes during an outage too', async () => {
    const { stream, store } = outageOfThreeDays({ recordDelimiter: false });
    for (const text of ['28', '29', '30']) {
      await vi.advanceTimersByTimeAsync(Date.parse(`2026-11-${text}T12:00:00Z`) - Date.now());
      for (let count = 0; count < 3; count++) stream.write(Buffer.alloc(5000, text));
    }
    stream.end();
    await vi.advanceTimersByTimeAsync(10 * 24 * 3_600_000);
    await finished(stream);

    const days = ['28', '29', '30'].map((text) => [`2026-11-${text}.log`, text.repeat(7500)]);
    expect(store.contents).toEqual(Object.fromEntries(days));
  });

  test.each([
    { change: 'a day of 25 hours', from: '2026-10-31T12:00:00Z', hours: 49, objects: 2 },
    { change: 'a day of 23 hours', from: '2026-03-07T12:00:00Z', hours: 47, objects: 2 },
  ])('has one object for $change', async ({ from, hours }) => {
    const timeZone = 'America/New_York';
    const { stream, store } = open(from, { rollover: { interval: 'day', timeZone } });
    const local = new Intl.DateTimeFormat('sv-SE', { timeZone });
    const expected: Record<string, string> = {};
    for (let index = 0; index <= hours; index++) {
      const instant = Date.parse(from) + index * 3_600_000;
      await writeAt(stream, new Date(instant).toISOString(), `${index}\n`);
      const key = `${local.format(instant)}.log`;
      expected[key] = `${expected[key] ?? ''}${index}\n`;
    }
    await end(stream);

    expect(store.contents).toEqual(expected);
    expect(Object.keys(expected)).toHaveLength(3);
  });

  test('has one object for each of the days of ten years', async () => {
    const timeZone = 'Europe/Berlin';
    const from = Date.parse('2026-11-30T12:00:00Z');
    const { stream, store } = open(new Date(from).toISOString(), {
      rollover: { interval: 'day', timeZone },
    });
    const local = new Intl.DateTimeFormat('sv-SE', { timeZone });
    const expected: Record<string, string> = {};
    // Every eleven hours, so that each hour of the day comes up.
    for (let instant = from; instant < from + 3653 * 24 * 3_600_000; instant += 11 * 3_600_000) {
      const line = `${new Date(instant).toISOString()}\n`;
      await writeAt(stream, line.trim(), line);
      const key = `${local.format(instant)}.log`;
      expected[key] = (expected[key] ?? '') + line;
    }
    await end(stream);

    expect(Object.keys(expected)).toHaveLength(3654);
    expect(store.contents).toEqual(expected);
    expect(stream.stats.rollovers).toBe(3653);
  });

  test('stays in its hour while the clock is a little behind, and leaves one that is years ahead', async () => {
    const options = { key: hour, rollover: { interval: 'hour' } } as const;
    const { stream, store } = open('2026-11-28T12:00:00Z', options);
    await writeAt(stream, '2026-11-28T12:00:01Z', 'twelve\n');
    await writeAt(stream, '2026-11-28T11:55:00Z', 'a little behind\n');
    await writeAt(stream, '2098-01-01T00:00:00Z', 'far ahead\n');
    await writeAt(stream, '2026-11-28T12:05:00Z', 'right again\n');
    await end(stream);

    expect(store.contents).toEqual({
      '2026-11-28T12.log': 'twelve\na little behind\n',
      '2098-01-01T00.log': 'far ahead\n',
      '2026-11-28T12.1.log': 'right again\n',
    });
  });

  test('parts the lines of a machine that slept over midnight, within one chunk', async () => {
    const { stream, store } = open('2026-11-28T23:59:00Z', {
      flushInterval: Number.POSITIVE_INFINITY,
    });
    stream.write('before\n');
    await stream.flush();
    stream.write('still before\nbeg');
    await stream.flush();
    // The date goes on during sleep, timers do not.
    await writeAt(stream, '2026-11-29T08:00:00Z', 'un\nafter\n');
    await end(stream);

    expect(store.contents).toEqual({
      '2026-11-28.log': 'before\nstill before\nbegun\n',
      '2026-11-29.log': 'after\n',
    });
  });

  test('ends an object by size also where the clock is to be read behind a record', async () => {
    const { stream, store } = open('2026-11-28T10:00:00Z', {
      chunkSize: 16,
      highWaterMark: 32,
      rollover: { interval: 'day', maxSize: 53 },
    });
    const lines = ['a\n', `${'b'.repeat(38)}\n`, `${'c'.repeat(30)}\n`];
    stream.write(lines.join('').slice(0, 45));
    stream.write(lines.join('').slice(45));
    await end(stream);

    expect(store.contents).toEqual({
      '2026-11-28.log': `${lines[0]}${lines[1]}`,
      '2026-11-28.1.log': lines[2],
    });
  });

  test('reads the clock behind the rest of a write that had to wait for room', async () => {
    const { stream, store } = open('2026-11-28T23:59:00Z', {
      chunkSize: 2,
      highWaterMark: 4,
      flushInterval: Number.POSITIVE_INFINITY,
      recordDelimiter: false,
    });
    stream.write('abc');
    vi.setSystemTime(Date.parse('2026-11-29T00:00:01Z'));
    await vi.waitFor(() => expect(stream.stats.bytesAccepted).toBe(3));
    stream.write('d');
    await end(stream);

    expect(store.contents).toEqual({ '2026-11-28.log': 'abc', '2026-11-29.log': 'd' });
  });

  test('parts the lines of one chunk at the hour that comes soon after a sleep', async () => {
    const { stream, store } = open('2026-11-28T11:15:00Z', {
      key: hour,
      rollover: { interval: 'hour' },
      flushInterval: Number.POSITIVE_INFINITY,
    });
    await writeAt(stream, '2026-11-28T11:15:00Z', 'before the sleep\n');
    vi.setSystemTime(Date.parse('2026-11-28T11:55:00Z'));
    stream.write('behind it\n');
    await vi.advanceTimersByTimeAsync(6 * 60_000);
    stream.write('in the next hour\n');
    await end(stream);

    expect(store.contents).toEqual({
      '2026-11-28T11.log': 'before the sleep\nbehind it\n',
      '2026-11-28T12.log': 'in the next hour\n',
    });
  });

  test('reads the clock again for each chunk that one write fills', async () => {
    const { stream, store } = open('2026-11-28T23:59:00Z', {
      chunkSize: 32,
      flushInterval: Number.POSITIVE_INFINITY,
    });
    stream.write('beg');
    // The date goes on during sleep, timers do not.
    vi.setSystemTime(Date.parse('2026-11-29T08:00:00Z'));
    stream.write(`un\n${'within 32\n'.repeat(3)}${'behind\n'.repeat(8)}`);
    await end(stream);

    expect(store.contents).toEqual({
      '2026-11-28.log': `begun\n${'within 32\n'.repeat(3)}`,
      '2026-11-29.log': 'behind\n'.repeat(8),
    });
  });

  test('reads the clock for a write in a chunk that another one has begun with its end', async () => {
    const { stream, store } = open('2026-11-28T23:59:00Z', {
      chunkSize: 4,
      flushInterval: Number.POSITIVE_INFINITY,
      recordDelimiter: false,
    });
    stream.write('ab');
    vi.setSystemTime(Date.parse('2026-11-29T08:00:00Z'));
    stream.write('cdefg');
    stream.write('h');
    await end(stream);

    expect(store.contents).toEqual({ '2026-11-28.log': 'abcdefg', '2026-11-29.log': 'h' });
  });

  test('counts the objects of each day from 0, and goes on with the last one after a restart', async () => {
    const store = new ScriptedStore();
    const options = {
      chunkSize: 10,
      flushInterval: 0,
      rollover: { interval: 'day', maxSize: 10 },
    } as const;
    for (const start of ['2026-11-28T10:00:00Z', '2026-11-28T11:00:00Z', '2026-11-29T11:00:00Z']) {
      const { stream } = open(start, options, store);
      await new Promise((resolve) => stream.once('ready', resolve));
      for (const text of ['1234\n', '567\n', '89\n']) stream.write(text);
      await end(stream);
    }

    expect(store.contents).toEqual({
      '2026-11-28.log': '1234\n567\n',
      '2026-11-28.1.log': '89\n1234\n',
      '2026-11-28.2.log': '567\n89\n',
      '2026-11-29.log': '1234\n567\n',
      '2026-11-29.1.log': '89\n',
    });
  });

  test('takes the next object after a restart where the key cannot show the interval', async () => {
    const store = new ScriptedStore();
    const options = { key: 'app.log', rollover: { interval: 1000 } } as const;
    for (const text of ['one\n', 'two\n']) {
      const { stream } = open('2026-11-28T10:00:00Z', options, store);
      await writeAt(stream, '2026-11-28T10:00:00.500Z', text);
      await writeAt(stream, '2026-11-28T10:00:01Z', text);
      await end(stream);
    }

    expect(store.contents).toEqual({
      'app.log': 'one\n',
      'app.1.log': 'one\n',
      'app.2.log': 'two\n',
      'app.3.log': 'two\n',
    });
  });

  test('leaves out no sequence where nothing is written in an interval', async () => {
    const store = new ScriptedStore();
    const options = { key: 'app.log', rollover: { interval: 1000 } } as const;
    const logs: string[][] = [];
    for (const [start, text] of [
      ['2026-11-28T10:00:00Z', 'one\n'],
      ['2026-11-28T10:01:00Z', 'two\n'],
    ] as const) {
      const { stream, log } = open(start, options, store);
      await writeAt(stream, new Date(Date.parse(start) + 5000).toISOString(), text);
      await end(stream);
      logs.push(log);
    }

    expect(store.contents).toEqual({ 'app.log': 'one\n', 'app.1.log': 'two\n' });
    expect(logs).toEqual([[], []]);
  });

  test('calls a function for each key, with the number of the object and when it began', async () => {
    const key = vi.fn(
      ({ sequence, startedAt }: { sequence: number; startedAt: Date }) =>
        `${sequence}-${startedAt.toISOString()}`,
    );
    const { stream, store } = open('2026-11-28T10:00:00Z', { key, rollover: { interval: 'hour' } });
    await writeAt(stream, '2026-11-28T10:30:00Z', 'one\n');
    await writeAt(stream, '2026-11-28T11:30:00Z', 'two\n');
    await end(stream);

    expect(store.contents).toEqual({
      '0-2026-11-28T10:00:00.000Z': 'one\n',
      '1-2026-11-28T11:30:00.000Z': 'two\n',
    });
  });

  test('fails when a function gives a key twice, and hands back what has no object', async () => {
    const { stream, store } = open('2026-11-28T10:00:00Z', {
      key: ({ sequence }) => `app-${Math.min(sequence, 1)}.log`,
      rollover: { interval: 'hour' },
    });
    const failed = new Promise((resolve) => stream.once('error', resolve));
    await writeAt(stream, '2026-11-28T10:30:00Z', 'one\n');
    await writeAt(stream, '2026-11-28T11:30:00Z', 'two\n');
    await writeAt(stream, '2026-11-28T12:30:00Z', 'three\n').catch(() => {});

    expect(await failed).toMatchObject({
      name: 'TypeError',
      message: `Cannot go on to the next object as 'key' gave "app-1.log" for two sequences`,
    });
    expect(store.contents).toEqual({ 'app-0.log': 'one\n', 'app-1.log': 'two\n' });
    expect(String(stream.takeUncommitted()?.bytes)).toBe('three\n');
  });

  test.each([
    { what: 'an empty key', later: '', rule: 'be 1 to 1023 bytes of UTF-8: it is 0 bytes long' },
    { what: 'a promise', later: Promise.resolve('a'), rule: 'be a string: its type is object' },
    { what: 'a slash', later: '/a', rule: 'not begin with a slash' },
  ])('fails when a function gives $what later, and hands back what has no object', async (row) => {
    const { stream, store } = open('2026-11-28T10:00:00Z', {
      key: ({ sequence }) => (sequence < 2 ? `app-${sequence}.log` : (row.later as string)),
      rollover: { interval: 'hour' },
    });
    const failed = new Promise<Error>((resolve) => stream.once('error', resolve));
    await writeAt(stream, '2026-11-28T10:30:00Z', 'one\n');
    await writeAt(stream, '2026-11-28T11:30:00Z', 'two\n');
    await writeAt(stream, '2026-11-28T12:30:00Z', 'three\n').catch(() => {});

    const { message } = await failed;
    expect(message).toContain(`Cannot roll over to object 2 as the key must ${row.rule}`);
    expect(store.contents).toEqual({ 'app-0.log': 'one\n', 'app-1.log': 'two\n' });
    const rest = stream.takeUncommitted();
    expect(rest).toMatchObject({ key: 'app-1.log', position: 4, confirmed: true });
    expect(String(rest?.bytes)).toBe('three\n');
  });

  test.each([null, undefined, 'no key'])(
    'fails when a function throws %j later',
    async (thrown) => {
      const { stream, store } = open('2026-11-28T10:00:00Z', {
        key: ({ sequence }) => {
          if (sequence < 2) return `app-${sequence}.log`;
          throw thrown;
        },
        rollover: { interval: 'hour' },
      });
      const failed = new Promise<Error>((resolve) => stream.once('error', resolve));
      await writeAt(stream, '2026-11-28T10:30:00Z', 'one\n');
      await writeAt(stream, '2026-11-28T11:30:00Z', 'two\n');
      await writeAt(stream, '2026-11-28T12:30:00Z', 'three\n').catch(() => {});

      expect(await failed).toMatchObject({
        name: 'TypeError',
        message: `Cannot roll over to object 2 as 'key' threw a value of type ${typeof thrown} instead of an Error`,
      });
      expect(store.contents).toEqual({ 'app-0.log': 'one\n', 'app-1.log': 'two\n' });
      expect(String(stream.takeUncommitted()?.bytes)).toBe('three\n');
    },
  );

  test('says at which object a function gives an invalid key when the stream starts', async () => {
    const store = new ScriptedStore();
    store.at('app-0.log').strangerAppends('theirs');
    store.at('app-1.log').strangerAppends('theirs');
    const key = ({ sequence }: { sequence: number }) => (sequence < 2 ? `app-${sequence}.log` : '');
    const { stream } = open('2026-11-28T10:00:00Z', { key }, store);

    await expect(new Promise((_, reject) => stream.once('error', reject))).rejects.toThrow(
      'Cannot ask for object 3 as the key must be 1 to 1023 bytes of UTF-8',
    );
  });

  test('keeps no process alive by its timer', async () => {
    const { stream } = open('2026-11-28T10:00:00Z');
    await writeAt(stream, '2026-11-28T10:30:00Z', 'one\n');
    expect(vi.getTimerCount()).toBeGreaterThan(0);
    await end(stream);

    expect(vi.getTimerCount()).toBe(0);
  });
});
