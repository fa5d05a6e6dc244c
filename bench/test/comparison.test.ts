import { expect, test } from 'vitest';
import { tendency } from '../harness/comparison.js';
import { summarize } from '../harness/statistics.js';

test.each([
  {
    scenario: 'a rate that fell in every repeat',
    figure: 'MB/s',
    samples: [0.9, 0.8, 0.99],
    is: 'worse',
  },
  {
    scenario: 'a rate that did not fall in every repeat',
    figure: 'MB/s',
    samples: [0.9, 0.8, 1.01],
    is: '',
  },
  { scenario: 'a rate that fell slightly', figure: 'MB/s', samples: [0.97, 0.96, 0.98], is: '' },
  { scenario: 'a rate that rose', figure: 'lines/s', samples: [1.2, 1.1, 1.01], is: 'better' },
  { scenario: 'a cost that rose', figure: 'CPU s/GB', samples: [1.2, 1.1, 1.01], is: 'worse' },
  { scenario: 'a latency that fell', figure: 'ack p99 ms', samples: [0.5, 0.6, 0.7], is: 'better' },
  { scenario: 'a single repeat', figure: 'MB/s', samples: [0.1], is: '' },
])('tendency() of $scenario is "$is"', ({ figure, samples, is }) => {
  const where = { benchmark: 'any', setting: 'any', contender: 'any' };
  expect(tendency({ ...where, figure, ratio: summarize(samples) })).toBe(is);
});
