import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { type AppendClient, AppendWritable } from '../../src/index.js';
import { ScriptedStore } from '../append/scripted-store.js';
import { useFakeTimers, useRealTimers } from '../helpers/fake-timers.js';
import { brokenPeriods, brokenSizes } from '../helpers/object-rules.js';
import { type Account, act, delimiters, type Step, writeStep } from '../helpers/rolling-script.js';

afterEach(useRealTimers);

interface Script {
  readonly delimiter: string | undefined;
  readonly chunkSize: number;
  readonly maxSize: number;
  readonly flushInterval: number;
  readonly seal: boolean;
  readonly steps: readonly Step[];
}

const scales = [
  { weight: 30, arbitrary: fc.constant(1) },
  { weight: 1, arbitrary: fc.constant(700) },
];

/** Any options, and at most 40 steps, of which those that write are `writeStep()`. */
function scripts(other: fc.Arbitrary<Step>): fc.Arbitrary<Script> {
  const drawn = fc.tuple(fc.constantFrom(...delimiters), fc.oneof(...scales));
  return drawn.chain(([delimiter, scale]) => {
    const step = fc.oneof(
      { weight: 2, arbitrary: writeStep(delimiter, scale) },
      { weight: 1, arbitrary: other },
    );
    const rest = fc.record({
      delimiter: fc.constant(delimiter),
      chunkSize: fc.oneof(
        { weight: 1, arbitrary: fc.integer({ min: scale, max: 5 * scale }) },
        { weight: 3, arbitrary: fc.integer({ min: 6 * scale, max: 24 * scale }) },
      ),
      more: fc.nat(30 * scale),
      flushInterval: fc.constantFrom(0, Number.POSITIVE_INFINITY),
      seal: fc.boolean(),
      steps: fc.array(step, { maxLength: 12, size: 'max' }),
    });
    return rest.map(({ more, ...options }) => ({ ...options, maxSize: options.chunkSize + more }));
  });
}

const anyOther: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom('flush', 'cork', 'uncork', 'turn', 'turn', 'drain'),
});

const anyBeginning = fc.record({
  script: scripts(anyOther),
  chunksOfBound: fc.integer({ min: 2, max: 6 }),

  /** Length of the object that the stream continues; 0 if there is none. */
  before: fc.oneof(fc.constant(0), fc.nat(40)),

  /** Whether the first write waits until the object is open. */
  isPatient: fc.boolean(),

  /** Turns of the event loop that a request takes to the store, and back. */
  turns: fc.nat(2),
});

type Drawn<A> = A extends fc.Arbitrary<infer T> ? T : never;

const settings = { numRuns: 1000, interruptAfterTimeLimit: 1200 };

// When one fails, fast-check prints the seed and the path that replay it.
test('objects end between units, and only where the next unit does not fit', {
  timeout: 30_000,
}, async () => {
  const property = async (given: Drawn<typeof anyBeginning>) => {
    const { script, chunksOfBound, before, isPatient, turns } = given;
    const { delimiter, chunkSize, maxSize, seal } = script;
    const store = new ScriptedStore();
    if (before > 0) store.at('app.log').create(Buffer.alloc(before, 'B'));
    const stream = new AppendWritable({
      ...optionsOf(script),
      client: slowed(store, turns),
      key: 'app.log',
      rollover: { maxSize },
      highWaterMark: chunksOfBound * chunkSize,
    });
    const isOpen = once(stream, 'ready');
    if (isPatient) await isOpen;
    const account = await act(stream, script.steps, { delimiter });
    stream.end();
    await finished(stream);

    const shares = objectsOf(store).map(([, bytes], index) =>
      index === 0 ? { before, bytes: bytes.subarray(before) } : { before: 0, bytes },
    );
    const limits = { maxSize, chunkSize, early: account.early };
    expect([
      ...brokenSizes(shares, account.writing, limits),
      ...(await misplaced(store, account)),
      ...(seal ? unsealed(store, before >= maxSize) : []),
    ]).toEqual([]);
  };
  await fc.assert(fc.asyncProperty(anyBeginning, property), settings);
});

const anyHour: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('pass' as const),
    milliseconds: fc.integer({ min: 0, max: 90 * 60_000 }),
  }),
  fc.record({ do: fc.constantFrom('flush' as const, 'turn' as const) }),
);

test('what is accepted in one hour is in the objects of that hour', {
  timeout: 30_000,
}, async () => {
  const property = async (script: Script) => {
    useFakeTimers({ now: 0, toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
    const { delimiter, chunkSize, maxSize } = script;
    const store = new ScriptedStore();
    const stream = new AppendWritable({
      ...optionsOf(script),
      client: store,
      key: '{yyyy}-{MM}-{dd}T{HH}.log',
      rollover: { maxSize, interval: 'hour' },
      highWaterMark: 2 ** 20,
    });
    await once(stream, 'ready');
    const pass = (milliseconds: number) => void vi.advanceTimersByTime(milliseconds);
    const account = await act(stream, script.steps, { delimiter, pass });
    stream.end();
    await finished(stream);

    const shares = objectsOf(store).map(([key, bytes]) => ({
      before: 0,
      bytes,
      period: key.slice(0, 13),
    }));
    const periods = account.times.map((time) => new Date(time).toISOString().slice(0, 13));
    const limits = { maxSize, chunkSize, early: 0 };
    expect([
      ...brokenPeriods(shares, account.writing, { ...limits, periods }),
      ...(await misplaced(store, account)),
    ]).toEqual([]);
  };
  await fc.assert(fc.asyncProperty(scripts(anyHour), property), settings);
});

/** Keys with a date that is not that of the interval. */
const datesBesideIntervals = [
  { key: '{yyyy}-{MM}-{dd}T{HH}.log', interval: undefined },
  { key: '{yyyy}-{MM}-{dd}/{seq}.log', interval: undefined },
  { key: '{yyyy}-{MM}-{dd}T{HH}.log', interval: 9_000_000 },
  { key: '{yyyy}{MM}{dd}/{HH}-{seq}.log', interval: 'day' as const },
];

const anyLives = fc.record({
  ways: fc.constantFrom(
    { key: 'app.log', interval: undefined },
    { key: 'app.log', interval: 3_600_000 },
    { key: '{seq}.log', interval: 3_600_000 },
    { key: '{yyyy}-{MM}-{dd}T{HH}.log', interval: 'hour' as const },
    ...datesBesideIntervals,
  ),
  lives: fc.array(scripts(anyHour), { minLength: 1, maxLength: 4, size: 'max' }),
});

test('streams that start one after the other leave objects in the order of the source', {
  timeout: 30_000,
}, async () => {
  const property = async (given: Drawn<typeof anyLives>) => {
    useFakeTimers({ now: 0, toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
    const { key, interval } = given.ways;
    const store = new ScriptedStore();
    const written: Buffer[] = [];
    for (const script of given.lives) {
      const { delimiter, maxSize } = script;
      const rollover = { maxSize, interval };
      const stream = new AppendWritable({ ...optionsOf(script), client: store, key, rollover });
      await once(stream, 'ready');
      const pass = (milliseconds: number) => void vi.advanceTimersByTime(milliseconds);
      const { writing } = await act(stream, script.steps, { delimiter, pass });
      written.push(writing.bytes);
      stream.end();
      await finished(stream);
    }
    const held = objectsOf(store).map(([, bytes]) => bytes.toString());

    expect(held.join('')).toBe(Buffer.concat(written).toString());
    expect(held).not.toContain('');
  };
  await fc.assert(fc.asyncProperty(anyLives, property), settings);
});

function optionsOf({ delimiter, chunkSize, flushInterval, seal }: Script) {
  return { chunkSize, flushInterval, seal, recordDelimiter: delimiter ?? false } as const;
}

function slowed(store: ScriptedStore, turns: number): AppendClient {
  const wait = async () => {
    for (let left = turns; left > 0; left--) await turn();
  };
  return {
    getObject: store.getObject,
    close: () => store.close(),
    appendObject: async (...args) => {
      await wait();
      const receipt = await store.appendObject(...args);
      await wait();
      return receipt;
    },
    headObject: async (...args) => {
      await wait();
      return store.headObject(...args);
    },
    sealAppendObject: async (...args) => {
      await wait();
      return store.sealAppendObject(...args);
    },
  };
}

/** Keys and contents in the order of the stream. */
function objectsOf(store: ScriptedStore): (readonly [key: string, bytes: Buffer])[] {
  const sequenceOf = (key: string) => Number(/\.(\d+)\.log$/.exec(key)?.[1] ?? 0);
  const periodOf = (key: string) => key.replace(/\..*$/, '');
  const keys = Object.keys(store.contents).sort(
    (a, b) => periodOf(a).localeCompare(periodOf(b)) || sequenceOf(a) - sequenceOf(b),
  );
  return keys.map((key) => [key, store.at(key).object?.bytes ?? Buffer.alloc(0)]);
}

/** Results of `append()` that name another place than that of the bytes. */
async function misplaced(store: ScriptedStore, { placed, writing }: Account): Promise<string[]> {
  const problems: string[] = [];
  for (const { range, result } of placed) {
    const { key, start, end } = await result;
    const found = store.at(key).object?.bytes.subarray(start, end) ?? Buffer.alloc(0);
    const isThere = found.equals(writing.bytes.subarray(range.start, range.end));
    if (!isThere || end - start !== range.end - range.start) {
      problems.push(`append ${range.start}-${range.end} is not at ${start}-${end} of ${key}`);
    }
  }
  return problems;
}

/** The objects that the stream is through with and has not sealed. */
function unsealed(store: ScriptedStore, isFirstForeign: boolean): string[] {
  const keys = Object.keys(store.contents).filter((key) => !isFirstForeign || key !== 'app.log');
  return keys.filter((key) => store.at(key).object?.sealed !== true);
}
