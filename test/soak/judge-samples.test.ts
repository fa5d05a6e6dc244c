import { describe, expect, test } from 'vitest';
import { Random } from '../simulation/random.js';
import { judgeSamples, median } from './judge-samples.js';

const count = 100;
const allowance = 2;

function series(value: (index: number) => number): number[] {
  return Array.from({ length: count }, (_, index) => value(index));
}

/** Noise of up to `width` in both directions, different for each seed. */
function noise(width: number, seed: number): () => number {
  const random = new Random(seed);
  return () => (random.next() * 2 - 1) * width;
}

describe('judgeSamples() accepts as flat', () => {
  test.each([
    { scenario: 'a constant value', value: () => 50 },
    { scenario: 'a falling value', value: (index: number) => 100 - index },
    { scenario: 'growth during the warm-up', value: (index: number) => Math.min(index, 25) },
    { scenario: 'growth within the allowance', value: (index: number) => index / 51 },
    { scenario: 'a sawtooth', value: (index: number) => (index % 10) * 3 },
    { scenario: 'a few samples at bad moments', value: (index: number) => (index % 9 ? 50 : 500) },
    { scenario: 'a bad moment at the end', value: (index: number) => (index > 90 ? 500 : 50) },
  ])('$scenario', ({ value }) => {
    expect(judgeSamples(series(value), allowance)).toMatchObject({ isFlat: true });
  });

  test.each([1, 2, 3, 4, 5])('noise wider than the allowance, with seed %i', (seed) => {
    const samples = series(noise(2 * allowance, seed));

    expect(judgeSamples(samples, allowance)).toMatchObject({ isFlat: true });
  });
});

describe('judgeSamples() detects', () => {
  test.each([
    { scenario: 'a leak', value: (index: number) => index },
    { scenario: 'a slow leak', value: (index: number) => index / 36 },
    { scenario: 'steps', value: (index: number) => Math.floor(index / 20) },
    { scenario: 'one step, in the middle', value: (index: number) => (index < 50 ? 0 : 3) },
    { scenario: 'one step, late', value: (index: number) => (index < 80 ? 0 : 3) },
    { scenario: 'a leak that begins late', value: (index: number) => Math.max(0, index - 70) / 2 },
    { scenario: 'a rising sawtooth', value: (index: number) => (index % 10) * 3 + index / 25 },
  ])('$scenario', ({ value }) => {
    expect(judgeSamples(series(value), allowance)).toMatchObject({ isFlat: false });
  });

  test.each([1, 2, 3, 4, 5])('a leak under noise, with seed %i', (seed) => {
    const random = noise(2 * allowance, seed);
    const samples = series((index) => index / 20 + random());

    expect(judgeSamples(samples, allowance)).toMatchObject({ isFlat: false });
  });
});

test('judgeSamples() returns growth and trend', () => {
  const { growth, trend } = judgeSamples(
    series((index) => 2 * index),
    allowance,
  );

  expect(growth).toBeCloseTo(100);
  expect(trend).toBeCloseTo(148);
});

test('judgeSamples() accepts no fewer than four samples', () => {
  expect(judgeSamples([], allowance)).toMatchObject({ isFlat: false });
  expect(judgeSamples([1, 1, 1], allowance)).toMatchObject({ isFlat: false });
  expect(judgeSamples([1, 1, 1, 1], allowance)).toMatchObject({ isFlat: true });
});

test('median() of an even number of values is the mean of the two in the middle', () => {
  expect(median([3, 1, 20])).toBe(3);
  expect(median([20, 3, 1, 2])).toBe(2.5);
});
