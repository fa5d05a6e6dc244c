import { describe, expect, test } from 'vitest';
import { ObjectProbe } from '../../src/append/object-probe.js';
import { findLastObject, openLastObject } from '../../src/append/open-last-object.js';
import { RequestRunner } from '../../src/append/request-runner.js';
import { loadCrc64 } from '../../src/crc64.js';
import { NotAppendableError } from '../../src/errors.js';
import { Rollover } from '../../src/rollover/rollover.js';
import { type Behaviour, failure, failWith, preceded } from './scripted-client.js';
import { ScriptedStore } from './scripted-store.js';

const crc64 = await loadCrc64();
const keyOf = (sequence: number) => `${sequence}.log`;

interface Setup {
  readonly store?: ScriptedStore;
  readonly flags?: 'a' | 'ax';
  readonly maxSize?: number;
  readonly isUnique?: boolean;
  readonly continues?: boolean;
  readonly seeksGap?: boolean;
}

function prepare(setup: Setup = {}) {
  const { store = new ScriptedStore(), flags = 'a', maxSize = 100 } = setup;
  const { isUnique = false, continues = true, seeksGap = false } = setup;
  const { signal } = new AbortController();
  const requests = new RequestRunner({ signal, requestTimeout: 1000, request: {} });
  const rollover = new Rollover({
    keyOf: ({ sequence }) => keyOf(sequence),
    date: undefined,
    calendar: undefined,
    startedAt: 0,
  });
  const probe = new ObjectProbe(store, requests);
  const series = { rollover, maxSize, isUnique, continues, seeksGap };
  const options = {
    flags,
    create: {},
    retry: { retries: 2, minTimeout: 0, maxTimeout: 0 },
    signal,
    onRetry: () => {},
  };
  return { store, rollover, probe, series, options };
}

async function open(setup?: Setup) {
  const { store, rollover, probe, series, options } = prepare(setup);
  const target = await openLastObject(probe, series, options);
  expect(rollover.key).toBe(target.key);
  return { target, calls: store.calls };
}

/** A store with objects from 0 on. */
function storeOf(...contents: readonly string[]): ScriptedStore {
  const store = new ScriptedStore();
  for (const [sequence, text] of contents.entries()) {
    store.at(keyOf(sequence)).create(Buffer.from(text));
  }
  return store;
}

/** Makes the store refuse HEAD and GET of keys up to 20. */
function writeOnly(store: ScriptedStore): ScriptedStore {
  for (let sequence = 0; sequence <= 20; sequence++) {
    store.at(keyOf(sequence)).refusesReading = true;
  }
  return store;
}

const refused: Behaviour = failWith(
  new NotAppendableError('sealed', { key: 'any', objectType: 'Appendable' }),
);
const beginning = (sequence: number) => ({
  key: keyOf(sequence),
  position: 0,
  crc64: 0n,
  exists: false,
});

describe('openLastObject()', () => {
  test('begins with the first object where none exists, and asks for no other', async () => {
    const { target, calls } = await open();

    expect(target).toEqual(beginning(0));
    expect(calls).toEqual(['head 0.log']);
  });

  test('goes on with the last object, at its end and with its checksum', async () => {
    const { target, calls } = await open({ store: storeOf('one', 'two', 'three') });

    expect(target).toEqual({
      key: '2.log',
      position: 5,
      crc64: crc64(Buffer.from('three')),
      exists: true,
    });
    expect(calls).toEqual(['head 0.log', 'head 1.log', 'head 3.log', 'head 2.log']);
  });

  test('asks for nothing where no other stream makes the same keys', async () => {
    const { target, calls } = await open({ store: storeOf('theirs'), isUnique: true });

    expect(target).toEqual(beginning(0));
    expect(calls).toEqual([]);
  });

  test('takes an empty object for its own to begin', async () => {
    const { target } = await open({ store: storeOf('one', '') });

    expect(target).toMatchObject({ key: '1.log', position: 0, exists: false });
  });

  test.each([
    { scenario: 'is sealed', state: { sealed: true } },
    { scenario: 'is of another type', state: { appendable: false } },
  ])('begins behind an object that $scenario', async ({ state }) => {
    const store = storeOf('one');
    Object.assign(store.at('0.log').object ?? {}, state);

    expect((await open({ store })).target).toEqual(beginning(1));
  });

  test.each([
    { length: 99, sequence: 0 },
    { length: 100, sequence: 1 },
    { length: 101, sequence: 1 },
  ])('uses object $sequence if the first is $length of 100 bytes long', async (row) => {
    const { target } = await open({ store: storeOf('x'.repeat(row.length)) });

    expect(target.key).toBe(keyOf(row.sequence));
  });

  test.each<Setup>([{ flags: 'ax' }, { continues: false }])(
    'begins behind the last object with %o',
    async (setup) => {
      const { target } = await open({ ...setup, store: storeOf('one', 'two') });

      expect(target).toEqual(beginning(2));
    },
  );

  test('retries a HEAD, and fails once the retries are spent', async () => {
    const store = storeOf('one');
    store.at('0.log').script('head', failWith(failure.answered()));
    expect((await open({ store })).target.key).toBe('0.log');

    const unanswered = Array.from({ length: 3 }, () => failWith(failure.unanswered()));
    store.at('1.log').script('head', ...unanswered);
    await expect(open({ store })).rejects.toMatchObject({
      code: 'APPEND_ERR_RETRIES_EXHAUSTED',
      key: '1.log',
    });
  });
});

describe('openLastObject() without HEAD', () => {
  test('asks for the last object by appends that cannot succeed, and creates none', async () => {
    const store = writeOnly(storeOf('one', 'two'));
    const { target, calls } = await open({ store });

    expect(target).toMatchObject({ key: '1.log', position: 3, crc64: crc64(Buffer.from('two')) });
    expect(calls).toEqual([
      'head 0.log',
      'append 0.log 5368709120+0',
      'append 1.log 5368709120+0',
      'append 3.log 5368709120+0',
      'append 2.log 5368709120+0',
      'append 1.log 3+0',
    ]);
    expect(store.contents).toEqual({ '0.log': 'one', '1.log': 'two' });
  });

  test('begins with the first object where none exists', async () => {
    const { target } = await open({ store: writeOnly(new ScriptedStore()) });

    expect(target).toEqual(beginning(0));
  });

  test('begins behind an object that refuses the append because it is sealed', async () => {
    const store = writeOnly(storeOf('one'));
    store.at('0.log').script('append', refused);

    expect((await open({ store })).target).toEqual(beginning(1));
  });

  test('begins behind an object that proves to be sealed only at its end', async () => {
    const store = writeOnly(storeOf('one'));
    const answersWithLength = failWith(failure.conflict(3));
    store.at('0.log').script('append', answersWithLength, refused);

    expect((await open({ store })).target).toEqual(beginning(1));
  });

  test('does not ask for the checksum of an object that it does not go on with', async () => {
    const store = writeOnly(storeOf('one'));
    const { calls } = await open({ store, maxSize: 3 });

    expect(calls).not.toContain('append 0.log 3+0');
  });

  test('goes on at the end that another writer has just moved', async () => {
    const store = writeOnly(storeOf('one'));
    const grown = preceded((client) => client.strangerAppends('more'));
    store.at('0.log').script('append', failWith(failure.conflict(3)), grown);

    const { target } = await open({ store });
    expect(target).toMatchObject({ position: 7, crc64: crc64(Buffer.from('onemore')) });
  });
});

describe('findLastObject()', () => {
  test.each([
    { from: 0, sequence: 2 },
    { from: 1, sequence: 2 },
    { from: 3, sequence: undefined },
  ])('looks from sequence $from on', async ({ from, sequence }) => {
    const { probe, series, options } = prepare({ store: storeOf('one', 'two', 'three') });

    const last = await findLastObject(probe, series, { ...options, from });
    expect(last?.sequence).toBe(sequence);
  });

  test('looks behind a gap only at the start', async () => {
    const store = new ScriptedStore();
    store.at('4.log').create(Buffer.from('left'));
    const { probe, series, options } = prepare({ store, seeksGap: true });

    expect((await findLastObject(probe, series, options))?.sequence).toBe(4);
    expect(await findLastObject(probe, series, { ...options, from: 2 })).toBeUndefined();
  });
});
