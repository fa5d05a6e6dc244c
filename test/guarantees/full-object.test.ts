import { expect, test } from 'vitest';
import { Remote } from '../helpers/remote.js';
import type { FullObjectFunctions } from './scale/full-object-process.js';

const mebibyte = 2 ** 20;
const limit = 5 * 2 ** 30;

test('a stream fills an object to its limit in constant memory and hands back the bytes beyond it', async () => {
  await using remote = new Remote<FullObjectFunctions>('test/guarantees/scale/full-object-process');
  const { bytesWritten, peaks, ...outcome } = await remote.call('fill', 4 * mebibyte);

  expect(outcome).toEqual({
    error: { code: 'APPEND_ERR_OBJECT_FULL', key: 'a.log', limit, bytesWritten: limit },
    position: limit,
    length: limit,
    crc64: true,
    uncommitted: { byteLength: bytesWritten - limit, position: limit, confirmed: true },
  });
  expect(bytesWritten).toBeGreaterThan(limit);
  expect(peaks.secondHalf - peaks.firstHalf).toBeLessThan(8 * mebibyte);
});
