import { expect, test } from 'vitest';
import { blindRetry, lengthOnly, type NaiveAppend, simulateNaive } from './naive-writers.js';

/** Lives the same lives as the stream, and tells which seed first showed what. */
async function firstSeeds(append: NaiveAppend) {
  const first = { duplicated: Number.POSITIVE_INFINITY, lost: Number.POSITIVE_INFINITY };
  for (let seed = 0; seed < 1000; seed++) {
    const { isDuplicated, bytesLost } = await simulateNaive(seed, append);
    if (isDuplicated) first.duplicated = Math.min(first.duplicated, seed);
    if (bytesLost > 0) first.lost = Math.min(first.lost, seed);
  }
  return first;
}

// If these found nothing, that the stream survives them would mean nothing.
test.each([
  ['tries again blindly', blindRetry],
  ['looks at the length alone, as the official append files do', lengthOnly],
])('the seeds catch a writer that %s: bytes twice, and bytes lost', async (_, append) => {
  const { duplicated, lost } = await firstSeeds(append);

  expect(duplicated).toBeLessThan(1000);
  expect(lost).toBeLessThan(1000);
});
