import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Stretches } from '../../src/read/stretches.js';

const add = (stretches: Stretches, key: string, length: number) =>
  stretches.add({ key, bytes: Buffer.alloc(length) });

/** One object of 4 bytes, then another of 6 with 3 late bytes of the first in between. */
function twoObjects(): Stretches {
  const stretches = new Stretches({ key: 'a', position: 10 });
  add(stretches, 'a', 4);
  stretches.goOn({ next: 'b', start: 0, left: { key: 'a', position: 14 } });
  add(stretches, 'b', 2);
  add(stretches, 'a', 3);
  add(stretches, 'b', 4);
  return stretches;
}

const event = { from: { key: 'a', position: 14 }, to: { key: 'b' } };

describe('the place of a consumer', () => {
  test.each([
    [0, 'a', 10],
    [3, 'a', 13],
    // Not through with it yet.
    [4, 'a', 14],
    [5, 'b', 1],
    [6, 'b', 2],
    [8, 'b', 2],
    [9, 'b', 2],
    [10, 'b', 3],
    [13, 'b', 6],
  ])('after %i bytes is in %s at %i', (taken, key, position) => {
    const stretches = twoObjects();
    expect(stretches.placeAfter(taken)).toEqual({ key, position });
    stretches.reach(taken, false);
    expect(stretches.placeAfter(taken)).toEqual({ key, position });
  });

  test('at the end of an object is in the next one for who is through with it', () => {
    const stretches = twoObjects();
    expect(stretches.reach(4, true)).toEqual([event]);
    expect(stretches.placeAfter(4)).toEqual({ key: 'b', position: 0 });
    expect(stretches.reach(4, true)).toEqual([]);
  });

  test('goes back when bytes are put back, also into an object before', () => {
    const stretches = twoObjects();
    stretches.reach(13, true);
    expect(stretches.placeAfter(3)).toEqual({ key: 'a', position: 13 });
    expect(stretches.placeAfter(11)).toEqual({ key: 'b', position: 4 });
  });
});

test.each([
  [0, 4],
  [3, 4],
  [4, 6],
  [6, 9],
  [9, Number.POSITIVE_INFINITY],
])('the bytes after %i end at %i', (taken, end) => {
  expect(twoObjects().endOf(taken)).toBe(end);
});

test('empty objects are told of, each once and in order', () => {
  const stretches = new Stretches({ key: '{seq}', position: 0 });
  stretches.goOn({ next: '0', start: 7, left: undefined });
  stretches.goOn({ next: '1', start: 0, left: { key: '0', position: 7 } });
  stretches.goOn({ next: '2', start: 0, left: { key: '1', position: 0 } });
  expect(stretches.placeAfter(0)).toEqual({ key: '{seq}', position: 0 });
  expect(stretches.reach(0, true).map(({ to }) => to.key)).toEqual(['1', '2']);
  expect(stretches.placeAfter(0)).toEqual({ key: '2', position: 0 });
});

test('whoever takes bytes in any portions is where the last of them was', () => {
  const piece = fc.record({ isNew: fc.boolean(), length: fc.integer({ min: 0, max: 5 }) });
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 60 }),
      fc.array(fc.nat(7), { maxLength: 60 }),
      (pieces, portions) => {
        const stretches = new Stretches({ key: '0', position: 0 });
        const places = [{ key: '0', position: 0 }];
        const expected: string[] = [];
        let [sequence, position] = [0, 0];
        for (const { isNew, length } of pieces) {
          if (isNew) {
            const left = { key: `${sequence}`, position };
            stretches.goOn({ next: `${++sequence}`, start: 0, left });
            expected.push(`${sequence}`);
            position = 0;
          }
          add(stretches, `${sequence}`, length);
          for (let byte = 0; byte < length; byte++) {
            places.push({ key: `${sequence}`, position: ++position });
          }
        }
        const told: string[] = [];
        let taken = 0;
        for (const portion of portions) {
          taken = Math.min(taken + portion, stretches.passedOn);
          // Nobody is through with an object in between.
          told.push(...stretches.reach(taken, false).map(({ to }) => to.key));
          expect(stretches.placeAfter(taken)).toEqual(places[taken]);
        }
        told.push(...stretches.reach(stretches.passedOn, true).map(({ to }) => to.key));
        expect(told).toEqual(expected);
      },
    ),
  );
});
