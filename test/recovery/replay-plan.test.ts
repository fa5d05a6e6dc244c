import { describe, expect, test } from 'vitest';
import {
  type AppendPlan,
  beginReplay,
  type Claim,
  comparableLength,
  endReplay,
  planReplay,
} from '../../src/recovery/replay-plan.js';

/** Ten bytes at position 100, none of them sent. */
const claim: Claim = { position: 100, byteLength: 10, doubtful: 0, replay: undefined };

/** The first four of these were sent as one chunk. */
const sent: Claim = { ...claim, doubtful: 4 };

/** A replay has begun to send these in chunks of 4, 3 and 3 bytes. */
const begun: Claim = { ...claim, doubtful: 10, replay: { firstChunkSize: 4, chunkSize: 3 } };

/** Chunks of 3 bytes, unless the claim has its own. */
const fail = { conflict: 'fail', chunkSize: 3 } as const;
const rebase = { conflict: 'rebase', chunkSize: 3 } as const;

describe('a replay compares', () => {
  test.each([
    { of: 'nothing if nothing was sent', claim, length: 110, expected: 0 },
    { of: 'nothing if the object ends at the position', claim: sent, length: 100, expected: 0 },
    { of: 'no part of a chunk', claim: sent, length: 103, expected: 0 },
    { of: 'the doubtful chunk', claim: sent, length: 104, expected: 4 },
    { of: 'nothing after the doubtful chunk', claim: sent, length: 5000, expected: 4 },
    { of: 'no part of the first chunk of a replay', claim: begun, length: 103, expected: 0 },
    { of: 'the first chunk of a replay', claim: begun, length: 106, expected: 4 },
    { of: 'the first two chunks of a replay', claim: begun, length: 107, expected: 7 },
    { of: 'all chunks of a replay', claim: begun, length: 110, expected: 10 },
    { of: 'nothing after the chunks of a replay', claim: begun, length: 5000, expected: 10 },
    { of: 'nothing of a shorter object', claim: begun, length: 99, expected: 0 },
    {
      of: 'nothing without a position',
      claim: { ...claim, position: undefined },
      length: 110,
      expected: 0,
    },
  ])('$of', ({ claim, length, expected }) => {
    expect(comparableLength(claim, length)).toBe(expected);
  });
});

describe('a replay appends', () => {
  test.each<{
    what: string;
    claim: Claim;
    length: number;
    matching: number;
    plan: Omit<AppendPlan, 'action' | 'position'>;
  }>([
    {
      what: 'all bytes at the end if they have no position',
      claim: { ...claim, position: undefined },
      length: 7,
      matching: 0,
      plan: { start: 0, firstChunkSize: 3, chunkSize: 3 },
    },
    {
      what: 'all bytes if nothing was sent',
      claim,
      length: 100,
      matching: 0,
      plan: { start: 0, firstChunkSize: 3, chunkSize: 3 },
    },
    {
      what: 'the doubtful chunk by itself, then chunks of its size, if it has not landed',
      claim: sent,
      length: 100,
      matching: 0,
      plan: { start: 0, firstChunkSize: 4, chunkSize: 4 },
    },
    {
      what: 'a small doubtful chunk by itself, then chunks of the usual size',
      claim: { ...claim, doubtful: 1 },
      length: 100,
      matching: 0,
      plan: { start: 0, firstChunkSize: 1, chunkSize: 3 },
    },
    {
      what: 'the rest if the doubtful chunk has landed',
      claim: sent,
      length: 104,
      matching: 4,
      plan: { start: 4, firstChunkSize: 3, chunkSize: 3 },
    },
    {
      what: 'the same chunks again after a replay that committed nothing',
      claim: begun,
      length: 100,
      matching: 0,
      plan: { start: 0, firstChunkSize: 4, chunkSize: 3 },
    },
    {
      what: 'the chunks after the first one of a replay',
      claim: begun,
      length: 104,
      matching: 4,
      plan: { start: 4, firstChunkSize: 3, chunkSize: 3 },
    },
    {
      what: 'the last chunk of a replay, with its sizes',
      claim: { ...begun, replay: { firstChunkSize: 5, chunkSize: 2 } },
      length: 109,
      matching: 9,
      plan: { start: 9, firstChunkSize: 2, chunkSize: 2 },
    },
  ])('$what', ({ claim, length, matching, plan }) => {
    const expected = { action: 'append', position: length, ...plan };

    expect(planReplay(claim, length, matching, fail)).toEqual(expected);
    expect(planReplay(claim, length, matching, rebase)).toEqual(expected);
  });

  test.each([
    { claim: begun, length: 110, matching: 10 },
    { claim: begun, length: 5000, matching: 10 },
    { claim: { ...claim, doubtful: 10 }, length: 111, matching: 10 },
    { claim: { ...claim, byteLength: 0 }, length: 100, matching: 0 },
  ])('nothing if the object of $length bytes holds everything', ({ claim, length, matching }) => {
    expect(planReplay(claim, length, matching, fail)).toEqual({ action: 'nothing' });
    expect(planReplay(claim, length, matching, rebase)).toEqual({ action: 'nothing' });
  });
});

test.each([fail, rebase])('a replay refuses an object that is too short, with %o', (options) => {
  for (const it of [claim, sent, begun, { ...claim, byteLength: 0 }]) {
    expect(planReplay(it, 99, 0, options)).toEqual({ action: 'refuse', reason: 'shorter' });
  }
});

describe('a replay fails with a conflict, and a rebase appends the rest, when it finds', () => {
  test.each([
    { what: 'any bytes although nothing was sent', claim, length: 110, matching: 0, start: 0 },
    { what: 'a part of the doubtful chunk', claim: sent, length: 103, matching: 0, start: 0 },
    {
      what: 'bytes that only begin like the doubtful chunk',
      claim: sent,
      length: 104,
      matching: 3,
      start: 0,
    },
    { what: 'bytes after the doubtful chunk', claim: sent, length: 105, matching: 4, start: 4 },
    {
      what: 'a part of the first chunk of a replay',
      claim: begun,
      length: 103,
      matching: 0,
      start: 0,
    },
    { what: 'a part of a later chunk', claim: begun, length: 106, matching: 4, start: 4 },
    {
      what: 'bytes that only begin like a later chunk',
      claim: begun,
      length: 107,
      matching: 6,
      start: 4,
    },
    { what: 'all but the last byte', claim: begun, length: 110, matching: 9, start: 7 },
  ])('$what', ({ claim, length, matching, start }) => {
    expect(planReplay(claim, length, matching, fail)).toEqual({
      action: 'refuse',
      reason: 'conflict',
    });
    expect(planReplay(claim, length, matching, rebase)).toEqual({
      action: 'append',
      position: length,
      start,
      firstChunkSize: 3,
      chunkSize: 3,
    });
  });
});

test('beginReplay() makes all missing bytes doubtful, in the chunks of the plan', () => {
  const sizes = { firstChunkSize: 4, chunkSize: 3 };
  const plan: AppendPlan = { action: 'append', position: 200, start: 2, ...sizes };

  expect(beginReplay(claim, plan)).toEqual({
    position: 200,
    byteLength: 8,
    doubtful: 8,
    replay: sizes,
  });
});

test('a plan for a part makes only that doubtful, and its end leaves the others', () => {
  const sizes = { firstChunkSize: 4, chunkSize: 4 };
  const plan: AppendPlan = { action: 'append', position: 100, start: 0, byteLength: 4, ...sizes };

  expect(beginReplay(sent, plan)).toEqual({
    position: 100,
    byteLength: 10,
    doubtful: 4,
    replay: sizes,
  });
  expect(endReplay(sent, plan, { committed: 4, doubtful: 0 })).toEqual({
    position: 104,
    byteLength: 6,
    doubtful: 0,
    replay: sizes,
  });
});

describe('endReplay()', () => {
  const sizes = { firstChunkSize: 4, chunkSize: 3 };
  const others = { firstChunkSize: 3, chunkSize: 3 };
  const plan: AppendPlan = { action: 'append', position: 100, start: 0, ...sizes };
  const moved = { ...plan, position: 120 };

  test.each([
    {
      scenario: 'returns the same claim if nothing was sent',
      claim,
      plan,
      committed: 0,
      doubtful: 0,
      expected: { position: 100, byteLength: 10, doubtful: 0, replay: sizes },
    },
    {
      scenario: 'keeps earlier doubtful bytes that the replay did not settle',
      claim: sent,
      plan,
      committed: 0,
      doubtful: 0,
      expected: { position: 100, byteLength: 10, doubtful: 4, replay: sizes },
    },
    {
      scenario: 'keeps the doubtful bytes that an earlier replay may have sent after its own',
      claim: begun,
      plan,
      committed: 0,
      doubtful: 4,
      expected: { position: 100, byteLength: 10, doubtful: 10, replay: sizes },
    },
    {
      scenario: 'clears earlier doubtful bytes after a move to another position',
      claim: sent,
      plan: moved,
      committed: 0,
      doubtful: 0,
      expected: { position: 120, byteLength: 10, doubtful: 0, replay: sizes },
    },
    {
      scenario: 'makes the first chunk doubtful',
      claim,
      plan,
      committed: 0,
      doubtful: 4,
      expected: { position: 100, byteLength: 10, doubtful: 4, replay: sizes },
    },
    {
      scenario: 'makes a later chunk doubtful, and clears earlier doubtful bytes',
      claim: begun,
      plan,
      committed: 7,
      doubtful: 3,
      expected: { position: 107, byteLength: 3, doubtful: 3, replay: others },
    },
    {
      scenario:
        'makes no bytes doubtful if the stream took another writer’s bytes for a part of a chunk',
      claim: begun,
      plan,
      committed: 6,
      doubtful: 1,
      expected: { position: 104, byteLength: 6, doubtful: 0, replay: others },
    },
  ])('$scenario', ({ claim, plan, committed, doubtful, expected }) => {
    expect(endReplay(claim, plan, { committed, doubtful })).toEqual(expected);
  });
});
