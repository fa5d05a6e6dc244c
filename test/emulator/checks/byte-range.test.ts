import { describe, expect, test } from 'vitest';
import { readRange } from '../../../src/emulator/checks/byte-range.js';
import { OssError } from '../../../src/emulator/protocol/oss-error.js';

const all = undefined;
const refused = 'refused';

describe('readRange()', () => {
  test.each([
    { header: undefined, standard: all, oss: all },
    { header: 'bytes=0-', standard: [0, 1000], oss: [0, 1000] },
    { header: 'bytes=0-0', standard: [0, 1], oss: [0, 1] },
    { header: 'bytes=0-499', standard: [0, 500], oss: [0, 500] },
    { header: 'bytes=500-999', standard: [500, 1000], oss: [500, 1000] },
    { header: 'bytes=999-', standard: [999, 1000], oss: [999, 1000] },
    { header: 'bytes=-1', standard: [999, 1000], oss: [999, 1000] },
    { header: 'bytes=-1000', standard: [0, 1000], oss: [0, 1000] },
    { header: 'bytes=500-1000', standard: [500, 1000], oss: all },
    { header: 'bytes=-1001', standard: [0, 1000], oss: all },
    { header: 'bytes=1000-', standard: refused, oss: all },
    { header: 'bytes=1000-2000', standard: refused, oss: all },
    { header: 'bytes=-0', standard: refused, oss: all },
    { header: 'bytes=5-4', standard: all, oss: all },
    { header: 'bytes=-', standard: all, oss: all },
    { header: 'bytes=0-1,5-6', standard: all, oss: all },
    { header: 'byte=0-499', standard: all, oss: all },
    { header: 'bytes=a-b', standard: all, oss: all },
    { header: 'bytes=99999999999999999999-', standard: refused, oss: all },
  ])('reads $header of 1000 bytes', ({ header, standard, oss }) => {
    const read = (behavior: 'standard' | 'oss') => {
      try {
        const range = readRange(header, 1000, behavior);
        return range && [range.start, range.end];
      } catch (error) {
        if (error instanceof OssError && error.status === 416) return refused;
        throw error;
      }
    };

    expect(read('standard')).toEqual(standard);
    expect(read('oss')).toEqual(oss);
  });

  test.each(['bytes=0-', 'bytes=-5', 'bytes=0-0'])(
    'treats %s as invalid for an empty object',
    (header) => {
      expect(readRange(header, 0, 'oss')).toBeUndefined();
      expect(() => readRange(header, 0, 'standard')).toThrow(OssError);
    },
  );
});
