import { expect, test } from 'vitest';
import { median, quantile, ratios, summarize } from '../harness/statistics.js';

test('summarize() keeps the samples in their order', () => {
  expect(summarize([3, 1, 2])).toEqual({ median: 2, least: 1, most: 3, samples: [3, 1, 2] });
});

test('ratios() divides pair by pair, not medians', () => {
  expect(ratios([10, 30, 60], [20, 50, 40])).toMatchObject({ median: 0.6, least: 0.5, most: 1.5 });
});

test.each([
  { share: 0, is: 1 },
  { share: 0.5, is: 51 },
  { share: 0.99, is: 100 },
  { share: 1, is: 100 },
])('quantile() of 1 to 100 at $share is $is', ({ share, is }) => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);

  expect(quantile(values, share)).toBe(is);
});

test('median() compares numbers, not their digits', () => {
  expect(median([10, 9, 1000])).toBe(10);
});
