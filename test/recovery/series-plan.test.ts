import { describe, expect, test } from 'vitest';
import type { Claim } from '../../src/recovery/replay-plan.js';
import { planInSeries, type SeriesPlanOptions } from '../../src/recovery/series-plan.js';

/** Ten bytes at position 100, none of them sent. */
const claim: Claim = { position: 100, byteLength: 10, doubtful: 0, replay: undefined };

/** The first four of these were sent as one chunk. */
const sent: Claim = { ...claim, doubtful: 4 };

/** A replay has begun to send these in chunks of 4, 3 and 3 bytes. */
const begun: Claim = { ...claim, doubtful: 10, replay: { firstChunkSize: 4, chunkSize: 3 } };

/** As {@link sent}, at the beginning of an object. */
const first: Claim = { ...sent, position: 0 };

const how = { conflict: 'fail', chunkSize: 3, isSeries: true, maxSize: 1000 } as const;

const appendable = (length: number) => ({ length, appendable: true, sealed: false });
const sealed = (length: number) => ({ length, appendable: true, sealed: true });
const normal = (length: number) => ({ length, appendable: false, sealed: false });

interface Case {
  readonly what: string;
  readonly claim: Claim;
  readonly object: ReturnType<typeof appendable> | undefined;
  readonly matching?: number;
  readonly options?: Partial<SeriesPlanOptions>;
}

function plan({ claim, object, matching = 0, options }: Case) {
  return planInSeries(claim, object, matching, { ...how, ...options });
}

describe('a replay goes on to the next object', () => {
  test.each<Case & { readonly start: number; readonly reason: string }>([
    { what: 'from a sealed one', claim, object: sealed(100), start: 0, reason: 'sealed' },
    {
      what: 'from a sealed one with a chunk that has landed',
      claim: sent,
      object: sealed(104),
      matching: 4,
      start: 4,
      reason: 'sealed',
    },
    {
      what: 'from a sealed one with a chunk that has not landed, and cannot any more',
      claim: sent,
      object: sealed(100),
      start: 0,
      reason: 'sealed',
    },
    {
      what: 'from a sealed one with some chunks of a replay',
      claim: begun,
      object: sealed(107),
      matching: 7,
      start: 7,
      reason: 'sealed',
    },
    {
      what: 'from one of another type if nothing was sent',
      claim,
      object: normal(7),
      start: 0,
      reason: 'sealed',
    },
    {
      what: 'from one of another type that holds what was sent',
      claim: sent,
      object: normal(104),
      matching: 4,
      start: 4,
      reason: 'sealed',
    },
    {
      what: 'if another writer was first',
      claim: first,
      object: appendable(3),
      start: 0,
      reason: 'conflict',
    },
    {
      what: 'with rollover if another writer has appended',
      claim: sent,
      object: appendable(108),
      matching: 4,
      options: { conflict: 'rollover' },
      start: 4,
      reason: 'conflict',
    },
    {
      what: 'with rollover from a shorter one if nothing was sent',
      claim,
      object: undefined,
      options: { conflict: 'rollover' },
      start: 0,
      reason: 'conflict',
    },
    {
      what: 'from any that exists if the bytes have no position',
      claim: { ...claim, position: undefined },
      object: appendable(1),
      start: 0,
      reason: 'exists',
    },
    {
      what: 'if the bytes do not fit',
      claim,
      object: appendable(100),
      options: { maxSize: 109 },
      start: 0,
      reason: 'full',
    },
    {
      what: 'if the bytes after the chunk that has landed do not fit',
      claim: sent,
      object: appendable(104),
      matching: 4,
      options: { maxSize: 109 },
      start: 4,
      reason: 'full',
    },
    {
      what: 'with rebase if the bytes do not fit at the end',
      claim,
      object: appendable(500),
      options: { conflict: 'rebase', maxSize: 509 },
      start: 0,
      reason: 'full',
    },
  ])('$what', (row) => {
    const { start, reason } = row;

    expect(plan(row)).toEqual({ action: 'move', start, reason });
    const inOneObject = plan({ ...row, options: { ...row.options, isSeries: false } });
    expect(inOneObject.action).not.toBe('move');
  });
});

describe('a replay stays with an object', () => {
  test.each<Case & { readonly expected: object }>([
    {
      what: 'of another type if a chunk may still land',
      claim: sent,
      object: normal(100),
      expected: { action: 'refuse', reason: 'not-appendable' },
    },
    {
      what: 'of another type that is longer, since it proves nothing of the one before',
      claim: sent,
      object: normal(500),
      expected: { action: 'refuse', reason: 'not-appendable' },
    },
    {
      what: 'that is gone if a chunk may still land, even with rollover',
      claim: sent,
      object: undefined,
      options: { conflict: 'rollover' },
      expected: { action: 'refuse', reason: 'shorter' },
    },
    {
      what: 'that is gone, without rollover',
      claim,
      object: undefined,
      expected: { action: 'refuse', reason: 'shorter' },
    },
    {
      what: 'that another writer has appended to, without rollover',
      claim: sent,
      object: appendable(108),
      matching: 4,
      expected: { action: 'refuse', reason: 'conflict' },
    },
    {
      what: 'that another writer has appended to behind its own first chunk',
      claim: first,
      object: appendable(5),
      matching: 4,
      expected: { action: 'refuse', reason: 'conflict' },
    },
    {
      what: 'that does not exist yet',
      claim: { ...claim, position: undefined },
      object: undefined,
      expected: { action: 'append', position: 0, start: 0 },
    },
    {
      what: 'that another writer created, with rebase',
      claim: first,
      object: appendable(3),
      options: { conflict: 'rebase' },
      expected: { action: 'append', position: 3, start: 0 },
    },
    {
      what: 'with rebase if the bytes have no position',
      claim: { ...claim, position: undefined },
      object: appendable(3),
      options: { conflict: 'rebase' },
      expected: { action: 'append', position: 3, start: 0 },
    },
    {
      what: 'that the bytes fill to its end',
      claim,
      object: appendable(100),
      options: { maxSize: 110 },
      expected: { action: 'append', position: 100, start: 0 },
    },
    {
      what: 'that is full for the chunk that may still land, and only for that',
      claim: sent,
      object: appendable(100),
      options: { maxSize: 109 },
      expected: { action: 'append', position: 100, firstChunkSize: 4, byteLength: 4 },
    },
    {
      what: 'that is full for the next chunk of a replay, and only for that',
      claim: begun,
      object: appendable(104),
      matching: 4,
      options: { maxSize: 109 },
      expected: { action: 'append', position: 104, start: 4, firstChunkSize: 3, byteLength: 3 },
    },
    {
      what: 'that holds everything, although it is sealed',
      claim: { ...claim, doubtful: 10 },
      object: sealed(110),
      matching: 10,
      expected: { action: 'nothing' },
    },
  ])('$what', (row) => {
    expect(plan(row)).toMatchObject(row.expected);
  });
});
