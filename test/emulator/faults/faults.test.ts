import { describe, expect, test } from 'vitest';
import { FaultList } from '../../../src/emulator/faults/faults.js';
import { createSeededRandom } from '../../../src/emulator/faults/seeded-random.js';
import type { Fault } from '../../../src/emulator/index.js';

/** Returns the numbers, from 1, of those of `count` requests on which a fault fired. */
function firings(faults: readonly Fault[], count = 6, operation: 'append' | 'head' = 'append') {
  const list = new FaultList(createSeededRandom(1));
  for (const fault of faults) list.add(fault);
  return Array.from({ length: count }, (_, index) => index + 1).filter(
    () => list.take({ operation, key: 'a.log' }) !== undefined,
  );
}

describe('FaultList.take()', () => {
  test.each([
    { scenario: 'only a kind', fault: {}, expected: [1, 2, 3, 4, 5, 6] },
    { scenario: 'its operation', fault: { operation: 'append' }, expected: [1, 2, 3, 4, 5, 6] },
    { scenario: 'another operation', fault: { operation: 'head' }, expected: [] },
    { scenario: 'its key', fault: { key: 'a.log' }, expected: [1, 2, 3, 4, 5, 6] },
    { scenario: 'another key', fault: { key: 'b.log' }, expected: [] },
    { scenario: 'nth', fault: { nth: 3 }, expected: [3] },
    { scenario: 'times', fault: { times: 2 }, expected: [1, 2] },
    { scenario: 'nth and times', fault: { nth: 3, times: 2 }, expected: [3, 4] },
    {
      scenario: 'nth and endless times',
      fault: { nth: 5, times: Number.POSITIVE_INFINITY },
      expected: [5, 6],
    },
    { scenario: 'a probability of 0', fault: { probability: 0 }, expected: [] },
    { scenario: 'certainty', fault: { probability: 1 }, expected: [1, 2, 3, 4, 5, 6] },
  ] as const)('fires a fault with $scenario on the requests $expected', ({ fault, expected }) => {
    expect(firings([{ kind: 'delay', ...fault }])).toEqual(expected);
  });

  test('fires only the first of several due faults', () => {
    const list = new FaultList(createSeededRandom(1));
    list.add({ kind: 'forbid', times: 1 });
    list.add({ kind: 'delay' });
    const kinds = [1, 2].map(() => list.take({ operation: 'append', key: 'a' })?.kind);

    expect(kinds).toEqual(['forbid', 'delay']);
  });

  test('counts a request for every matching fault, even if another fault fires', () => {
    const list = new FaultList(createSeededRandom(1));
    list.add({ kind: 'forbid', nth: 1 });
    list.add({ kind: 'delay', nth: 2 });
    const kinds = [1, 2, 3].map(() => list.take({ operation: 'append', key: 'a' })?.kind);

    expect(kinds).toEqual(['forbid', 'delay', undefined]);
  });

  test('keeps a fault with nth, times and probability due until it has fired', () => {
    const some = firings([{ kind: 'delay', nth: 3, times: 2, probability: 0.3 }], 100);

    expect(some).toHaveLength(2);
    expect(some[0]).toBeGreaterThanOrEqual(3);
  });

  test.each(['stranger', 'stranger-drop', 'early-conflict'] as const)(
    'fires %s only on appends, unless an operation is given',
    (kind) => {
      expect(firings([{ kind }], 2, 'append')).toEqual([1, 2]);
      expect(firings([{ kind }], 2, 'head')).toEqual([]);
    },
  );

  test('fires on the same requests for the same seed', () => {
    const throws = (seed: number) => {
      const list = new FaultList(createSeededRandom(seed));
      list.add({ kind: 'delay', probability: 0.5 });
      return Array.from({ length: 64 }, () => list.take({ operation: 'get', key: 'a' })?.kind);
    };

    expect(throws(7)).toEqual(throws(7));
    expect(throws(7)).not.toEqual(throws(8));
  });

  test('fires about as often as its probability predicts', () => {
    expect(firings([{ kind: 'delay', probability: 0.25 }], 4000).length / 4000).toBeCloseTo(
      0.25,
      1,
    );
  });
});

describe('FaultList.add()', () => {
  test('returns a function that removes only that fault', () => {
    const list = new FaultList(() => 0);
    const remove = list.add({ kind: 'forbid' });
    list.add({ kind: 'delay' });
    remove();
    remove();

    expect(list.take({ operation: 'get', key: 'a' })?.kind).toBe('delay');
  });

  test('copies the fault, so that later changes have no effect', () => {
    const list = new FaultList(() => 0);
    const fault: { kind: Fault['kind'] } = { kind: 'forbid' };
    list.add(fault);
    fault.kind = 'delay';

    expect(list.take({ operation: 'get', key: 'a' })?.kind).toBe('forbid');
  });

  test.each([
    { fault: { kind: 'explode' }, type: TypeError, message: "'kind' must be one of drop-request" },
    { fault: {}, type: TypeError, message: "'kind' must be one of drop-request" },
    {
      fault: { kind: 'delay', operation: 'copy' },
      type: TypeError,
      message: "'operation' must be one of append",
    },
    {
      fault: { kind: 'delay', key: 5 },
      type: TypeError,
      message: "'key' must be a string: current value is 5",
    },
    {
      fault: { kind: 'delay', nth: 0 },
      type: RangeError,
      message: "'nth' must be an integer of at least 1: current value is 0",
    },
    { fault: { kind: 'delay', nth: 1.5 }, type: RangeError, message: "'nth' must be an integer" },
    {
      fault: { kind: 'delay', nth: '1' },
      type: TypeError,
      message: "'nth' must be a number: current value is 1",
    },
    {
      fault: { kind: 'delay', n: 2 },
      type: TypeError,
      message: "no field 'n': there are kind, operation, key, nth,",
    },
    { fault: { kind: 'delay', times: 0 }, type: RangeError, message: "'times' must be" },
    {
      fault: { kind: 'delay', probability: 1.01 },
      type: RangeError,
      message: "'probability' must be a number from 0 to 1: current value is 1.01",
    },
    {
      fault: { kind: 'delay', probability: Number.NaN },
      type: RangeError,
      message: "'probability' must be",
    },
    { fault: { kind: 'delay', delay: -1 }, type: RangeError, message: "'delay' must be" },
    {
      fault: { kind: 'early-conflict', operation: 'head' },
      type: RangeError,
      message: "'operation' of 'early-conflict' must be 'append': current value is 'head'",
    },
  ])('refuses $fault', ({ fault, type, message }) => {
    const list = new FaultList(() => 0);
    const add = () => list.add(fault as Fault);

    expect(add).toThrow(type);
    expect(add).toThrow(message);
  });
});
