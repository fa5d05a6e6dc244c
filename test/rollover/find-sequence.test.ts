import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findSequence } from '../../src/rollover/find-sequence.js';

/** Objects that exist, and what was asked. */
function store(existing: (sequence: number) => boolean) {
  const asked: number[] = [];
  const ask = async (sequence: number) => {
    asked.push(sequence);
    return existing(sequence) ? `object ${sequence}` : undefined;
  };
  return { asked, ask };
}

/** Twice the number of binary digits: for galloping and for bisecting. */
const mostAsks = (distance: number) => 2 * Math.ceil(Math.log2(distance + 2)) + 1;

describe('findSequence()', () => {
  test.each([
    { last: 0, asks: [0, 1] },
    { last: 1, asks: [0, 1, 3, 2] },
    { last: 2, asks: [0, 1, 3, 2] },
    { last: 3, asks: [0, 1, 3, 7, 5, 4] },
    { last: 9, asks: [0, 1, 3, 7, 15, 11, 9, 10] },
  ])('gallops, then bisects, to $last', async ({ last, asks }) => {
    const { asked, ask } = store((sequence) => sequence <= last);

    expect(await findSequence(ask, { seeksGap: false })).toEqual({
      sequence: last,
      found: `object ${last}`,
    });
    expect(asked).toEqual(asks);
  });

  test('asks once where nothing exists', async () => {
    const { asked, ask } = store(() => false);

    expect(await findSequence(ask, { seeksGap: false })).toBeUndefined();
    expect(asked).toEqual([0]);
  });

  test('asks for 1, 2, 4, ... 1024 too where the first may have been removed', async () => {
    const { asked, ask } = store(() => false);

    expect(await findSequence(ask, { seeksGap: true })).toBeUndefined();
    expect(asked).toEqual([0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]);
  });

  test('gallops on from behind the gap', async () => {
    const { asked, ask } = store((sequence) => sequence >= 3 && sequence <= 9);

    expect(await findSequence(ask, { seeksGap: true })).toMatchObject({ sequence: 9 });
    expect(asked).toEqual([0, 1, 2, 4, 5, 7, 11, 9, 10]);
  });

  test('does not look behind a gap where there is none', async () => {
    const { asked, ask } = store((sequence) => sequence === 0);

    expect(await findSequence(ask, { seeksGap: true })).toMatchObject({ sequence: 0 });
    expect(asked).toEqual([0, 1]);
  });

  test.each([
    { seeksGap: false, asks: [5] },
    {
      seeksGap: true,
      asks: [5, 6, 7, 9, 13, 21, 37, 69, 133, 261, 517, 1029],
    },
  ])('begins where it is told to, seeks a gap: $seeksGap', async ({ seeksGap, asks }) => {
    const { asked, ask } = store((sequence) => sequence < 5);

    expect(await findSequence(ask, { from: 5, seeksGap })).toBeUndefined();
    expect(asked).toEqual(asks);
  });

  test('takes whatever is not undefined for an object', async () => {
    const found = await findSequence(async (sequence) => (sequence === 0 ? 0 : undefined), {
      seeksGap: false,
    });

    expect(found).toEqual({ sequence: 0, found: 0 });
  });

  test('fails as a question fails, and asks no more', async () => {
    const failure = new Error('AccessDenied');
    const asked: number[] = [];
    const ask = async (sequence: number) => {
      asked.push(sequence);
      if (sequence === 3) throw failure;
      return true;
    };

    await expect(findSequence(ask, { seeksGap: true })).rejects.toBe(failure);
    expect(asked).toEqual([0, 1, 3]);
  });

  test('comes to an end with a store that says yes to everything', async () => {
    const { asked, ask } = store(() => true);

    expect(await findSequence(ask, { seeksGap: false })).toMatchObject({ sequence: 1e9 });
    expect(asked.length).toBeLessThan(mostAsks(1e9));
  });

  const sequences = fc.oneof(fc.nat(20), fc.nat(3000), fc.nat(5_000_000));

  test('finds the last of sequences without a gap, in a logarithmic number of questions', async () => {
    await fc.assert(
      fc.asyncProperty(sequences, sequences, fc.boolean(), async (from, more, seeksGap) => {
        const { asked, ask } = store((sequence) => sequence <= from + more);

        expect(await findSequence(ask, { from, seeksGap })).toEqual({
          sequence: from + more,
          found: `object ${from + more}`,
        });
        expect(new Set(asked).size).toBe(asked.length);
        expect(Math.min(...asked)).toBe(from);
        expect(asked.length).toBeLessThanOrEqual(mostAsks(more));
      }),
    );
  });

  test('finds the last behind a gap, if a power of two up to 1024 exists', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 1200 }), sequences, async (first, more) => {
        const last = first + more;
        const { asked, ask } = store((sequence) => sequence >= first && sequence <= last);
        const powers = Array.from({ length: 11 }, (_, exponent) => 2 ** exponent);
        const isSeen = powers.some((power) => power >= first && power <= last);

        const found = await findSequence(ask, { seeksGap: true });
        expect(found?.sequence).toBe(isSeen ? last : undefined);
        expect(new Set(asked).size).toBe(asked.length);
        expect(asked.length).toBeLessThanOrEqual(12 + mostAsks(more));
      }),
    );
  });

  test('finds, among any sequences, one that exists and is followed by none', async () => {
    const existing = fc.uniqueArray(fc.nat(60), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(existing, fc.nat(5), fc.boolean(), async (drawn, from, seeksGap) => {
        const all = new Set(drawn);
        const { asked, ask } = store((sequence) => all.has(sequence));

        const found = await findSequence(ask, { from, seeksGap });
        expect(new Set(asked).size).toBe(asked.length);
        if (found === undefined) {
          expect(asked.some((sequence) => all.has(sequence))).toBe(false);
          return;
        }
        expect(found.found).toBe(`object ${found.sequence}`);
        expect(asked).toContain(found.sequence + 1);
        expect(all.has(found.sequence + 1)).toBe(false);
      }),
    );
  });
});
