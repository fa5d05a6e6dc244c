import { describe, expect, test, vi } from 'vitest';
import type { AppendReadableOptions } from '../../src/index.js';
import { preceded } from '../append/scripted-client.js';
import { ScriptedStore } from '../append/scripted-store.js';
import { openReader, pass } from './open-reader.js';
import { settle } from './scripted-reading.js';

const bySize = { key: 'app.log', rollover: true } as const;
const byDay = { key: '{yyyy}-{MM}-{dd}.log', rollover: { interval: 'day' } } as const;

function openSeries(
  store: ScriptedStore,
  options: Partial<AppendReadableOptions>,
  start?: { now: string },
) {
  const opened = openReader(store, { follow: true, start: 0, ...options }, start);
  return opened;
}

/** Keys of `bySize`. */
function keyOf(sequence: number): string {
  return sequence === 0 ? 'app.log' : `app.${sequence}.log`;
}

function append(store: ScriptedStore, key: string, text: string): void {
  store.at(key).strangerAppends(text);
}

async function seal(store: ScriptedStore, key: string): Promise<void> {
  await store.sealAppendObject(key, Buffer.byteLength(store.contents[key] ?? ''));
}

/** Moves the clock, and lets a poll happen. */
async function goTo(instant: string): Promise<void> {
  vi.setSystemTime(Date.parse(instant));
  await pass(10_000);
}

describe('AppendReadable across objects', () => {
  test('reads what is there without follow, and ends', async () => {
    const store = new ScriptedStore();
    append(store, 'app.log', 'one ');
    append(store, 'app.1.log', 'two ');
    append(store, 'app.2.log', 'three');
    const opened = openSeries(store, { ...bySize, follow: false });
    opened.flow();
    await settle();

    expect(opened.text).toBe(
      'one [app.log at 4 > app.1.log]two [app.1.log at 4 > app.2.log]three[end]',
    );
  });

  test('begins with the last object that exists, or in it', async () => {
    const store = new ScriptedStore();
    append(store, 'app.log', 'one ');
    append(store, 'app.1.log', 'two ');
    append(store, 'app.2.log', 'three');
    const whole = openSeries(store, { ...bySize, start: undefined, follow: false });
    whole.flow();
    await settle();
    const part = openSeries(store, { ...bySize, start: 3, follow: false });
    part.flow();
    await settle();

    expect(whole.text).toBe('three[end]');
    expect(part.text).toBe('ee[end]');
    expect(part.reader).toMatchObject({ key: 'app.2.log', position: 5, bytesRead: 2 });
  });

  test('begins with the last object of an earlier day where there is none today', async () => {
    const store = new ScriptedStore();
    append(store, '2026-11-20.log', 'old ');
    append(store, '2026-11-20.1.log', 'old too ');
    const opened = openSeries(store, { ...byDay, start: undefined });
    opened.flow();
    await settle();
    append(store, '2026-11-28.log', 'new ');
    await pass(10_000);

    expect(opened.text).toBe('old too [2026-11-20.1.log at 8 > 2026-11-28.log]new ');
  });

  test('goes on where another reader stopped', async () => {
    const store = new ScriptedStore();
    append(store, '2026-11-20.log', 'old ');
    append(store, '2026-11-20.1.log', 'old too ');
    append(store, '2026-11-28.log', 'new ');
    const start = { key: '2026-11-20.log', position: 2 };
    const opened = openSeries(store, { ...byDay, start, follow: false });
    expect(opened.reader).toMatchObject(start);
    opened.flow();
    await settle();

    expect(opened.text).toBe(
      'd [2026-11-20.log at 4 > 2026-11-20.1.log]old too [2026-11-20.1.log at 8 > 2026-11-28.log]new [end]',
    );
  });

  test('fails where the object is gone in which another reader stopped', async () => {
    const store = new ScriptedStore();
    append(store, '2026-11-28.log', 'new ');
    const opened = openSeries(store, { ...byDay, start: { key: '2026-11-20.log', position: 2 } });
    opened.flow();
    await settle();

    expect(opened.errors).toMatchObject([
      { code: 'APPEND_ERR_DIVERGED', key: '2026-11-20.log', position: 2, actualLength: 0 },
    ]);
  });

  test.each([
    { scenario: 'the next one exists', left: ['app.1.log', 'app.2.log'] },
    { scenario: 'a later one exists', left: ['app.4.log'] },
    { scenario: 'one that counts with {seq} exists', left: ['000002'], key: '{seq}' },
  ])(
    'fails where the object is gone that another reader was about to read: $scenario',
    async ({ left, key = 'app.log' }) => {
      const store = new ScriptedStore();
      for (const name of left) append(store, name, 'new ');
      const first = key === '{seq}' ? '000000' : key;
      const opened = openSeries(store, { ...bySize, key, start: { key: first, position: 0 } });
      opened.flow();
      await settle();

      expect(opened.text).toBe('');
      expect(opened.errors).toMatchObject([
        { code: 'APPEND_ERR_DIVERGED', key: first, position: 0, actualLength: 0 },
      ]);
    },
  );

  test('waits for the object that another reader was about to read, or goes on to a later day', async () => {
    const store = new ScriptedStore();
    const start = { key: '2026-11-27.log', position: 0 };
    const waiting = openSeries(store, { ...byDay, start });
    waiting.flow();
    await settle();
    append(store, '2026-11-28.log', 'new ');
    await pass(10_000);

    expect(waiting.errors).toEqual([]);
    expect(waiting.text).toBe('new ');
  });

  test('takes no object for gone that is begun while it is asked for', async () => {
    const store = new ScriptedStore();
    store.at('app.1.log').script(
      'head',
      preceded(() => {
        append(store, 'app.log', 'one ');
        append(store, 'app.1.log', 'two ');
      }),
    );
    const opened = openSeries(store, { ...bySize, start: { key: 'app.log', position: 0 } });
    opened.flow();
    await settle();

    expect(opened.errors).toEqual([]);
    expect(opened.text).toBe('one [app.log at 4 > app.1.log]two ');
  });

  test('fails at start 0 where a rule has deleted the first numbers', async () => {
    const store = new ScriptedStore();
    append(store, '000003', 'three ');
    append(store, '000004', 'four ');
    const opened = openSeries(store, { ...bySize, key: '{seq}', start: 0 });
    opened.flow();
    await settle();

    expect(opened.errors).toMatchObject([{ code: 'APPEND_ERR_DIVERGED', key: '000000' }]);
  });

  test('waits at start 0 for an object that a writer would begin again', async () => {
    const store = new ScriptedStore();
    append(store, 'app.1.log', 'old ');
    const opened = openSeries(store, { ...bySize, start: 0 });
    opened.flow();
    await settle();
    append(store, 'app.log', 'first ');
    await pass(10_000);

    expect(opened.errors).toEqual([]);
    expect(opened.log[0]).toBe('first ');
  });

  test('fails without follow where there is no object', async () => {
    const opened = openSeries(new ScriptedStore(), { ...byDay, start: undefined, follow: false });
    opened.flow();
    await settle();

    expect(opened.errors).toMatchObject([{ code: 'APPEND_ERR_MISSING', key: '2026-11-28.log' }]);
  });

  test('waits for the first object, also for that of a later day', async () => {
    const store = new ScriptedStore();
    const opened = openSeries(store, byDay);
    opened.flow();
    await pass(10_000);
    await goTo('2026-11-30T08:00:00Z');
    append(store, '2026-11-30.log', 'first ');
    await pass(10_000);

    expect(opened.text).toBe('first ');
    expect(opened.reader).toMatchObject({ key: '2026-11-30.log', position: 6 });
  });

  test('reads the object that it waits for before that of a later day', async () => {
    const store = new ScriptedStore();
    const opened = openSeries(store, byDay);
    opened.flow();
    await pass(10_000);
    // Just before it asks for the later one, the writer begins both.
    store.at('2026-11-29.log').script(
      'head',
      preceded(() => {
        append(store, '2026-11-28.log', 'a ');
        append(store, '2026-11-28.1.log', 'b ');
        append(store, '2026-11-29.log', 'c ');
      }),
    );
    await goTo('2026-11-29T00:00:01Z');

    expect(opened.text).toBe(
      'a [2026-11-28.log at 2 > 2026-11-28.1.log]b [2026-11-28.1.log at 2 > 2026-11-29.log]c ',
    );
  });

  test('reads the old object to its end before the next one', async () => {
    const store = new ScriptedStore();
    append(store, 'app.log', 'one ');
    const opened = openSeries(store, bySize);
    opened.flow();
    await settle();
    // Between the answer that nothing is new and the question for the next object.
    store.at('app.1.log').script(
      'head',
      preceded(() => {
        append(store, 'app.log', 'and its end ');
        append(store, 'app.1.log', 'two ');
      }),
    );
    await pass(10_000);

    expect(opened.text).toBe('one and its end [app.log at 16 > app.1.log]two ');
  });

  test('goes on to the first object of the next day, and counts there from 0', async () => {
    const store = new ScriptedStore();
    append(store, '2026-11-28.log', 'a ');
    const opened = openSeries(store, byDay);
    opened.flow();
    await settle();
    append(store, '2026-11-28.1.log', 'b ');
    await goTo('2026-11-29T00:00:10Z');
    append(store, '2026-11-29.log', 'c ');
    await pass(10_000);
    append(store, '2026-11-29.1.log', 'd ');
    await pass(10_000);

    expect(opened.text).toBe(
      'a [2026-11-28.log at 2 > 2026-11-28.1.log]b [2026-11-28.1.log at 2 > 2026-11-29.log]c [2026-11-29.log at 2 > 2026-11-29.1.log]d ',
    );
  });

  test('leaves out no day when it was suspended for a week', async () => {
    const store = new ScriptedStore();
    append(store, '2026-11-28.log', 'a ');
    const opened = openSeries(store, byDay);
    opened.flow();
    await settle();
    for (const key of ['2026-11-28.1.log', '2026-11-30.log', '2026-12-01.log', '2026-12-05.log']) {
      append(store, key, `${key} `);
    }
    await goTo('2026-12-05T12:00:00Z');

    expect(opened.log.filter((text) => !text.startsWith('['))).toEqual([
      'a ',
      '2026-11-28.1.log ',
      '2026-11-30.log ',
      '2026-12-01.log ',
      '2026-12-05.log ',
    ]);
  });

  test('keeps to the time zone of the writer', async () => {
    const store = new ScriptedStore();
    const rollover = { interval: 'day', timeZone: 'Asia/Shanghai' } as const;
    append(store, '2026-11-28.log', 'a ');
    const opened = openSeries(store, { ...byDay, rollover });
    opened.flow();
    await settle();
    await goTo('2026-11-28T15:59:00Z');
    append(store, '2026-11-29.log', 'b ');
    await goTo('2026-11-28T16:00:00Z');

    expect(opened.text).toBe('a [2026-11-28.log at 2 > 2026-11-29.log]b ');
  });

  test('does not ask for an object any more that is sealed and read to its end', async () => {
    const store = new ScriptedStore();
    append(store, 'app.log', 'one ');
    await seal(store, 'app.log');
    const opened = openSeries(store, bySize);
    opened.flow();
    await settle();
    store.calls.length = 0;
    await pass(60_000);
    expect(new Set(store.calls)).toEqual(new Set(['head app.1.log']));
    append(store, 'app.1.log', 'two ');
    await pass(10_000);

    expect(opened.text).toBe('one [app.log at 4 > app.1.log]two ');
    expect(store.calls).not.toContain('head app.log');
  });

  test('fails when the current object is gone, and not when one that was left is', async () => {
    const store = new ScriptedStore();
    append(store, 'app.log', 'one ');
    const opened = openSeries(store, bySize);
    opened.flow();
    await settle();
    append(store, 'app.1.log', 'two ');
    await pass(10_000);
    store.at('app.log').object = undefined;
    await pass(10_000);
    expect(opened.errors).toEqual([]);
    store.at('app.1.log').object = undefined;
    await pass(10_000);

    expect(opened.errors).toMatchObject([{ code: 'APPEND_ERR_DIVERGED', key: 'app.1.log' }]);
  });

  test('asks for the object alone while it grows', async () => {
    const store = new ScriptedStore();
    append(store, 'app.log', 'one ');
    openSeries(store, bySize).flow();
    await settle();
    store.calls.length = 0;
    for (let poll = 0; poll < 5; poll++) {
      append(store, 'app.log', 'more ');
      await pass(1000);
    }

    expect(store.calls.filter((call) => call.startsWith('head'))).toEqual(
      Array.from({ length: 5 }, () => 'head app.log'),
    );
  });
});

describe('several writers', () => {
  test('may be late: what they append to the old object within the lag is read', async () => {
    const store = new ScriptedStore();
    append(store, 'app.log', 'one ');
    const opened = openSeries(store, { ...bySize, lag: 60_000 });
    opened.flow();
    await settle();
    append(store, 'app.1.log', 'two ');
    await pass(10_000);
    append(store, 'app.log', 'late ');
    await pass(30_000);

    expect(opened.text).toBe('one [app.log at 4 > app.1.log]two late ');
    expect(opened.reader).toMatchObject({ key: 'app.1.log', position: 4, bytesRead: 13 });
  });

  test('may go on in the old period: the next object there is read too', async () => {
    const store = new ScriptedStore();
    append(store, '2026-11-28.log', 'a ');
    const opened = openSeries(store, byDay);
    opened.flow();
    await settle();
    append(store, '2026-11-29.log', 'b ');
    await goTo('2026-11-29T00:00:01Z');
    append(store, '2026-11-28.1.log', 'late ');
    await pass(10_000);
    append(store, '2026-11-28.1.log', 'later ');
    append(store, '2026-11-29.log', 'c ');
    await pass(10_000);

    expect(opened.text).toBe('a [2026-11-28.log at 2 > 2026-11-29.log]b late later c ');
    expect(opened.errors).toEqual([]);
  });

  test('are read in the order of each of them', async () => {
    const store = new ScriptedStore();
    append(store, 'app.log', 'A1 ');
    const opened = openSeries(store, bySize);
    opened.flow();
    await settle();
    append(store, 'app.1.log', 'B1 ');
    await pass(10_000);
    // One writer appends to the old object and then to the new one, between two questions.
    store.at('app.1.log').script(
      'head',
      preceded(() => {
        append(store, 'app.log', 'A2 ');
        append(store, 'app.1.log', 'A3 ');
      }),
    );
    await pass(10_000);

    expect(opened.text).toBe('A1 [app.log at 3 > app.1.log]B1 A2 A3 ');
  });

  test('are asked for while the current object grows', async () => {
    const store = new ScriptedStore();
    append(store, '2026-11-28.log', 'a ');
    const opened = openSeries(store, byDay);
    opened.flow();
    await settle();
    append(store, '2026-11-29.log', 'b ');
    await goTo('2026-11-29T00:00:01Z');
    append(store, '2026-11-28.1.log', 'late ');
    for (let poll = 0; poll < 15; poll++) {
      append(store, '2026-11-29.log', 'b ');
      await pass(1000);
    }

    expect(opened.text).toContain('late ');
  });

  test('are forgotten when the lag has passed, with a last question after it', async () => {
    const store = new ScriptedStore();
    append(store, 'app.log', 'one ');
    const opened = openSeries(store, { ...bySize, lag: 60_000 });
    opened.flow();
    await settle();
    append(store, 'app.1.log', 'two ');
    await pass(10_000);
    // Nobody reads, so nothing is asked for.
    opened.reader.pause();
    await pass(3_600_000);
    append(store, 'app.log', 'late ');
    opened.reader.resume();
    await pass(10_000);
    expect(opened.text).toContain('late ');
    store.calls.length = 0;
    append(store, 'app.log', 'too late ');
    await pass(60_000);

    expect(opened.text).not.toContain('too late');
    expect(store.calls).not.toContain('head app.log');
  });

  test('are not waited for with a lag of 0', async () => {
    const store = new ScriptedStore();
    append(store, 'app.log', 'one ');
    openSeries(store, { ...bySize, lag: 0 }).flow();
    await settle();
    append(store, 'app.1.log', 'two ');
    await pass(10_000);
    store.calls.length = 0;
    await pass(60_000);

    expect(store.calls).not.toContain('head app.log');
  });

  const hundred = Array.from({ length: 100 }, (_, sequence) => keyOf(sequence));

  test('may be late in each of the objects that were left within the lag', async () => {
    const store = new ScriptedStore();
    append(store, keyOf(0), '0 ');
    const opened = openSeries(store, { ...bySize, lag: 60_000 });
    opened.flow();
    await settle();
    for (const key of hundred.slice(1, 4)) append(store, key, 'x ');
    await pass(10_000);
    for (const key of hundred.slice(0, 3)) append(store, key, 'late ');
    await pass(10_000);

    expect(opened.text.match(/late/g)).toHaveLength(3);
  });

  test('may be late in objects that were left while the reader was catching up: one question each', async () => {
    const store = new ScriptedStore();
    for (const key of hundred) append(store, key, 'x ');
    const opened = openSeries(store, { ...bySize, lag: 60_000 });
    opened.flow();
    await pass(5_000);
    append(store, keyOf(50), 'late ');
    store.calls.length = 0;
    await pass(30_000);
    expect(new Set(store.calls)).toEqual(
      new Set([98, 99, 100].map((sequence) => `head ${keyOf(sequence)}`)),
    );
    store.calls.length = 0;
    await pass(60_000);

    expect(opened.text).toContain('late ');
    expect(store.calls.filter((call) => call === `head ${keyOf(20)}`)).toHaveLength(1);
    store.calls.length = 0;
    await pass(60_000);
    expect(new Set(store.calls)).toEqual(
      new Set([99, 100].map((sequence) => `head ${keyOf(sequence)}`)),
    );
  });

  test('cost no more than eight questions with each poll, however fast they go on', async () => {
    const store = new ScriptedStore();
    append(store, keyOf(0), '0 ');
    const opened = openSeries(store, { ...bySize, lag: 600_000 });
    opened.flow();
    await settle();
    for (const key of hundred.slice(1)) {
      append(store, key, 'x ');
      await pass(2_000);
    }
    append(store, keyOf(0), 'late ');
    store.calls.length = 0;
    await pass(10_000);

    expect(new Set(store.calls).size).toBe(8 + 2);
    await pass(600_000);
    expect(opened.text).toContain('late ');
  });

  test('may have begun several objects of the old period', async () => {
    const store = new ScriptedStore();
    append(store, '2026-11-28.log', 'a ');
    const opened = openSeries(store, { ...byDay, lag: 60_000 });
    opened.flow();
    await settle();
    append(store, '2026-11-29.log', 'b ');
    await goTo('2026-11-29T00:00:01Z');
    opened.reader.pause();
    await pass(100_000);
    for (const sequence of [1, 2, 3]) append(store, `2026-11-28.${sequence}.log`, 'late ');
    opened.reader.resume();
    await pass(10_000);

    expect(opened.text.match(/late/g)).toHaveLength(3);
  });
});
