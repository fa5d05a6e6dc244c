import { describe, expect, test } from 'vitest';
import { Acknowledgements } from '../../src/buffer/acknowledgements.js';

/** Waits until all callbacks of the next tick have run. */
const nextTick = () => new Promise<void>((resolve) => setImmediate(resolve));

/** The stream starts at position 0 of the object. */
const anchor = { key: 'a.log', offset: 0, position: 0 };

function waiting(...sequences: number[]) {
  const acknowledgements = new Acknowledgements();
  const calls: string[] = [];
  sequences.forEach((sequence, index) => {
    acknowledgements.add(sequence, (error, place) => {
      const name = `#${index} of ${sequence}`;
      calls.push(error ? `${name}: ${error.message}` : `${name}: ${place?.start}-${place?.end}`);
    });
  });
  return { acknowledgements, calls };
}

describe('Acknowledgements.commit()', () => {
  test('calls back in order, with the range of each write, once its last byte is committed', async () => {
    const { acknowledgements, calls } = waiting(1, 2, 3);
    acknowledgements.locate(1, { start: 0, end: 4 });
    acknowledgements.locate(2, { start: 4, end: 9 });
    acknowledgements.locate(3, { start: 9, end: 10 });

    acknowledgements.commit(8, anchor);
    await nextTick();
    expect(calls).toEqual(['#0 of 1: 0-4']);

    acknowledgements.commit(10, anchor);
    await nextTick();
    expect(calls).toEqual(['#0 of 1: 0-4', '#1 of 2: 4-9', '#2 of 3: 9-10']);
  });

  test.each([
    { offset: 3, count: 0 },
    { offset: 4, count: 1 },
    { offset: 5, count: 1 },
  ])(
    'makes $count calls for a write that ends at 4 when $offset bytes are committed',
    async ({ offset, count }) => {
      const { acknowledgements, calls } = waiting(1);
      acknowledgements.locate(1, { start: 0, end: 4 });
      acknowledgements.commit(offset, anchor);
      await nextTick();

      expect(calls).toHaveLength(count);
    },
  );

  test('does not call back for a write that has not been accepted', async () => {
    const { acknowledgements, calls } = waiting(1, 2);
    acknowledgements.locate(1, { start: 0, end: 0 });
    acknowledgements.commit(1000, anchor);
    await nextTick();
    expect(calls).toEqual(['#0 of 1: 0-0']);

    acknowledgements.locate(2, { start: 0, end: 7 });
    acknowledgements.commit(1000, anchor);
    await nextTick();
    expect(calls).toEqual(['#0 of 1: 0-0', '#1 of 2: 0-7']);
  });

  test('computes the place of a write from the anchors of its first and of its last byte', async () => {
    const acknowledgements = new Acknowledgements();
    const places: unknown[] = [];
    for (const sequence of [1, 2, 3]) {
      acknowledgements.add(sequence, (_, place) => places.push(place));
      acknowledgements.locate(sequence, { start: 10 * sequence, end: 10 * sequence + 10 });
    }

    acknowledgements.commit(25, { key: 'a', offset: 10, position: 500 });
    acknowledgements.commit(40, { key: 'a', offset: 25, position: 515 });
    await nextTick();

    expect(places).toEqual([
      { key: 'a', start: 500, end: 510 },
      { key: 'a', start: 510, end: 520 },
      { key: 'a', start: 520, end: 530 },
    ]);
  });

  test.each([
    { what: 'is gone', position: 0, places: ['0-10', '10-20'] },
    { what: 'has lost the last bytes', position: 505, places: ['505-515', '515-525'] },
    { what: 'has got bytes of others', position: 600, places: ['500-610', '610-620'] },
  ])(
    'names the place of the rest of a write where the object $what meanwhile',
    async ({ position, places }) => {
      const { acknowledgements, calls } = waiting(1, 2);
      acknowledgements.locate(1, { start: 10, end: 30 });
      acknowledgements.commit(20, { key: 'a', offset: 10, position: 500 });
      acknowledgements.commit(20, { key: 'a', offset: 10, position: 500 });
      acknowledgements.commit(30, { key: 'a', offset: 20, position });
      acknowledgements.locate(2, { start: 30, end: 40 });
      acknowledgements.commit(40, { key: 'a', offset: 30, position: position + 10 });
      await nextTick();

      expect(calls).toEqual([`#0 of 1: ${places[0]}`, `#1 of 2: ${places[1]}`]);
    },
  );

  test('names the place of the rest of a write that was accepted in parts', async () => {
    const { acknowledgements, calls } = waiting(1);
    acknowledgements.begin(1, 10);
    acknowledgements.commit(20, { key: 'a', offset: 10, position: 500 });
    acknowledgements.commit(30, { key: 'a', offset: 20, position: 0 });
    acknowledgements.locate(1, { start: 10, end: 40 });
    acknowledgements.commit(40, { key: 'a', offset: 30, position: 10 });
    await nextTick();

    expect(calls).toEqual(['#0 of 1: 0-20']);
  });

  test('calls each callback once', async () => {
    const { acknowledgements, calls } = waiting(1);
    acknowledgements.locate(1, { start: 0, end: 4 });
    acknowledgements.commit(4, anchor);
    acknowledgements.commit(4, anchor);
    acknowledgements.commit(9, anchor);
    acknowledgements.fail(new Error('late'));
    await nextTick();

    expect(calls).toEqual(['#0 of 1: 0-4']);
  });

  test('calls back on the next tick, not synchronously', () => {
    const { acknowledgements, calls } = waiting(1);
    acknowledgements.locate(1, { start: 0, end: 4 });
    acknowledgements.commit(4, anchor);

    expect(calls).toEqual([]);
  });

  test('calls callbacks that were added after an earlier commit', async () => {
    const { acknowledgements, calls } = waiting(1, 2);
    acknowledgements.locate(1, { start: 0, end: 4 });
    acknowledgements.commit(4, anchor);
    acknowledgements.add(3, (_, range) => calls.push(`third: ${range?.end}`));
    acknowledgements.locate(2, { start: 4, end: 5 });
    acknowledgements.locate(3, { start: 5, end: 6 });
    acknowledgements.commit(6, anchor);
    await nextTick();

    expect(calls).toEqual(['#0 of 1: 0-4', '#1 of 2: 4-5', 'third: 6']);
  });
});

describe('Acknowledgements.locate()', () => {
  test('gives all callbacks of one write the same range', async () => {
    const { acknowledgements, calls } = waiting(1, 1, 2);
    acknowledgements.locate(1, { start: 0, end: 4 });
    acknowledgements.commit(1000, anchor);
    await nextTick();

    expect(calls).toEqual(['#0 of 1: 0-4', '#1 of 1: 0-4']);
  });

  test('ignores a write that has no callback', async () => {
    const { acknowledgements, calls } = waiting(2);
    acknowledgements.locate(1, { start: 0, end: 4 });
    acknowledgements.commit(1000, anchor);
    await nextTick();
    expect(calls).toEqual([]);

    acknowledgements.locate(2, { start: 4, end: 5 });
    acknowledgements.commit(1000, anchor);
    await nextTick();
    expect(calls).toEqual(['#0 of 2: 4-5']);
  });
});

describe('Acknowledgements.isWaitingFor()', () => {
  test('is true for the first write whose offset is unknown', () => {
    const { acknowledgements } = waiting(2, 2, 4);

    expect([1, 2, 3, 4].filter((n) => acknowledgements.isWaitingFor(n))).toEqual([2]);
    acknowledgements.locate(2, { start: 0, end: 4 });
    expect([1, 2, 3, 4].filter((n) => acknowledgements.isWaitingFor(n))).toEqual([4]);
    acknowledgements.commit(4, anchor);
    expect([1, 2, 3, 4].filter((n) => acknowledgements.isWaitingFor(n))).toEqual([4]);
    acknowledgements.locate(4, { start: 4, end: 4 });
    expect([1, 2, 3, 4].filter((n) => acknowledgements.isWaitingFor(n))).toEqual([]);
  });
});

describe('Acknowledgements.removeLast()', () => {
  test('removes the last callback added and no other', async () => {
    const { acknowledgements, calls } = waiting(1, 2);
    acknowledgements.removeLast();
    acknowledgements.locate(1, { start: 0, end: 1 });
    acknowledgements.locate(2, { start: 1, end: 2 });
    acknowledgements.commit(2, anchor);
    acknowledgements.fail(new Error('late'));
    await nextTick();

    expect(calls).toEqual(['#0 of 1: 0-1']);
  });
});

describe('Acknowledgements.fail()', () => {
  test('calls the remaining callbacks in order, on the next tick, and only once', async () => {
    const { acknowledgements, calls } = waiting(1, 2, 3);
    acknowledgements.locate(1, { start: 0, end: 1 });
    acknowledgements.locate(2, { start: 1, end: 2 });
    acknowledgements.commit(1, anchor);
    acknowledgements.fail(new Error('gone'));
    acknowledgements.fail(new Error('again'));
    expect(calls).toEqual([]);
    await nextTick();

    expect(calls).toEqual(['#0 of 1: 0-1', '#1 of 2: gone', '#2 of 3: gone']);
    acknowledgements.add(4, () => {});
    expect(acknowledgements.isWaitingFor(4)).toBe(true);
  });
});
