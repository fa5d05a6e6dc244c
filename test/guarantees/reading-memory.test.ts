import { expect, test } from 'vitest';
import { readGrowingObject } from './scale/read-growing-object.js';

const mebibyte = 2 ** 20;

// `npm run proof -- reading` reads more.
test('a reader takes the same memory however long the object is', async () => {
  const length = 256 * mebibyte;

  const { peaks, ...outcome } = await readGrowingObject(length);

  expect(outcome).toEqual({ bytesRead: length, isRight: true });
  const [, secondQuarter = 0, thirdQuarter = 0, lastQuarter = 0] = peaks;
  // What is held back until it is proved comes on top, and the collector may be late.
  expect(thirdQuarter - secondQuarter).toBeLessThan(64 * mebibyte);
  expect(lastQuarter - thirdQuarter).toBeLessThan(32 * mebibyte);
});
