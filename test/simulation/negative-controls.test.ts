import { expect, test } from 'vitest';
import type { AppendWritableOptions } from '../../src/index.js';
import { blindRetry, lengthOnly, type NaiveAppend, simulateNaive } from './naive-writers.js';
import { simulate } from './simulation.js';

/** Runs the seeds of the simulation, and returns the first one that shows each defect. */
async function firstSeeds(append: NaiveAppend) {
  const first = { duplicated: Number.POSITIVE_INFINITY, lost: Number.POSITIVE_INFINITY };
  for (let seed = 0; seed < 1000; seed++) {
    const { isDuplicated, bytesLost } = await simulateNaive(seed, append);
    if (isDuplicated) first.duplicated = Math.min(first.duplicated, seed);
    if (bytesLost > 0) first.lost = Math.min(first.lost, seed);
  }
  return first;
}

// Negative controls: the stream's success means something only if naive writers fail.
test.each([
  ['retries blindly', blindRetry],
  ['checks the length alone (the rule of the official append files)', lengthOnly],
])('the seeds make a writer that %s duplicate and lose bytes', async (_, append) => {
  const { duplicated, lost } = await firstSeeds(append);

  expect(duplicated).toBeLessThan(1000);
  expect(lost).toBeLessThan(1000);
});

test('the seeds show a stream that cuts without looking for the delimiter', async () => {
  const alter = ({ recordDelimiter: _, ...options }: Partial<AppendWritableOptions>) => options;
  const problems: string[] = [];
  for (let seed = 0; seed < 100 && problems.length === 0; seed++) {
    problems.push(...(await simulate(seed, { alter })).problems);
  }

  expect(problems[0]).toContain('ends within a record');
});
