import { describe, expect, test } from 'vitest';
import { type Ending, type Expectation, examineEnding } from './examine-ending.js';

const rest = Buffer.from('efgh');
const finished = {
  base: 10,
  written: 8,
  acknowledged: 8,
  committed: 8,
  position: 18,
  outcome: 'finished',
  uncommitted: undefined,
} satisfies Ending;
const failed = {
  base: 10,
  written: 8,
  acknowledged: 2,
  committed: 4,
  position: 14,
  outcome: 'FAILED',
  uncommitted: { position: 14, bytes: rest, confirmed: true },
} satisfies Ending;
const unopened = {
  base: 0,
  written: 4,
  acknowledged: 0,
  committed: 0,
  position: undefined,
  outcome: 'FAILED',
  uncommitted: { position: undefined, bytes: rest, confirmed: true },
} satisfies Ending;

const whole = { length: 18, matching: 18 };
const part = { length: 14, matching: 14 };

function examine(ending: Ending, found: typeof whole, expectation: Partial<Expectation> = {}) {
  const outcomes = ['finished', 'FAILED'];
  const left = ending.outcome === 'finished' ? Buffer.alloc(0) : rest;
  return examineEnding(ending, found, {
    outcomes,
    interference: 'none',
    rest: left,
    ...expectation,
  });
}

const unconfirmed = { ...failed, uncommitted: { ...failed.uncommitted, confirmed: false } };

describe('examineEnding() accepts', () => {
  test.each([
    { scenario: 'a stream that finished', ending: finished, found: whole },
    { scenario: 'a stream that failed', ending: failed, found: part },
    {
      scenario: 'a stream that could not open its object',
      ending: unopened,
      found: { length: 0, matching: 0 },
    },
    {
      scenario: 'a stream with an unconfirmed chunk, part of which was stored',
      ending: unconfirmed,
      found: { length: 16, matching: 16 },
    },
  ])('$scenario', ({ ending, found }) => {
    expect(examine(ending, found)).toEqual([]);
  });

  test('a stream that failed after another writer appended', () => {
    const found = { length: 20, matching: 14 };

    expect(examine(failed, found, { interference: 'appended' })).toEqual([]);
  });

  test('a stream that failed after the object was removed', () => {
    const found = { length: 0, matching: 0 };

    expect(examine(failed, found, { interference: 'removed' })).toEqual([]);
  });
});

describe('examineEnding() reports', () => {
  test.each([
    {
      problem: 'a duplicated byte',
      ending: finished,
      found: { length: 19, matching: 18 },
      words: '1 bytes from 18 on that do not belong',
    },
    {
      problem: 'a missing byte',
      ending: finished,
      found: { length: 17, matching: 17 },
      words: 'only 17 of 18 committed',
    },
    {
      problem: 'a changed byte',
      ending: finished,
      found: { length: 18, matching: 12 },
      words: 'only 12 of 18 committed',
    },
    {
      problem: 'bytes that were not written',
      ending: unconfirmed,
      found: { length: 19, matching: 19 },
      words: 'more than the 8 bytes written',
    },
    {
      problem: 'a finish before everything is committed',
      ending: { ...finished, committed: 7, position: 17 },
      found: whole,
      words: 'finished with 7 of 8 bytes',
    },
    {
      problem: 'an acknowledgement before the commit',
      ending: { ...failed, acknowledged: 5 },
      found: part,
      words: 'acknowledged 5 bytes of 4',
    },
    {
      problem: 'more bytes committed than written',
      ending: { ...failed, committed: 9, position: 19 },
      found: { length: 19, matching: 19 },
      words: 'counts 9 of 8',
    },
    {
      problem: 'a wrong position',
      ending: { ...failed, position: 15 },
      found: part,
      words: 'is at position 15',
    },
    {
      problem: 'a missing position',
      ending: { ...failed, position: undefined },
      found: part,
      words: 'is at position undefined',
    },
    {
      problem: 'an unexpected outcome',
      ending: { ...failed, outcome: 'OTHER' },
      found: part,
      words: 'ended with OTHER instead of finished or FAILED',
    },
    {
      problem: 'lost committed bytes',
      ending: failed,
      found: { length: 13, matching: 13 },
      words: 'only 13 of 14 committed',
    },
    {
      problem: 'uncommitted bytes that are not handed back',
      ending: { ...failed, uncommitted: undefined },
      found: part,
      words: 'handed back 0 bytes that are not the 4',
    },
    {
      problem: 'wrong bytes handed back',
      ending: { ...failed, uncommitted: { ...failed.uncommitted, bytes: Buffer.from('efgx') } },
      found: part,
      words: 'handed back 4 bytes that are not the 4',
    },
    {
      problem: 'bytes handed back for a wrong position',
      ending: { ...failed, uncommitted: { ...failed.uncommitted, position: 13 } },
      found: part,
      words: 'handed back bytes for 13',
    },
    {
      problem: 'stored bytes confirmed as not stored',
      ending: failed,
      found: { length: 16, matching: 16 },
      words: 'the object ends at 14, but it has 16',
    },
    {
      problem: 'foreign bytes after ours',
      ending: unconfirmed,
      found: { length: 16, matching: 15 },
      words: '1 bytes from 15 on that do not belong',
    },
  ])('$problem', ({ ending, found, words }) => {
    expect(examine(ending, found)).toContainEqual(expect.stringContaining(words));
  });

  test('bytes handed back although all are committed', () => {
    const ending = { ...finished, uncommitted: { position: 18, bytes: rest, confirmed: true } };

    expect(examine(ending, whole)).toHaveLength(1);
  });

  test('a stream that finished after another writer appended', () => {
    const found = { length: 26, matching: 10 };

    expect(examine(finished, found, { interference: 'appended' })).not.toEqual([]);
  });

  test('a stream that finished after the object was removed', () => {
    const found = { length: 8, matching: 0 };

    expect(examine(finished, found, { interference: 'removed' })).not.toEqual([]);
  });
});
