import { describe, expect, test } from 'vitest';
import { parseByteSize } from '../../../src/cli/flags/byte-size.js';

describe('parseByteSize', () => {
  test.each([
    ['0', 0],
    ['65536', 65_536],
    ['512B', 512],
    ['64KiB', 65_536],
    ['64K', 65_536],
    ['4MiB', 4_194_304],
    ['1.5M', 1_572_864],
    ['2 GiB', 2_147_483_648],
    ['1kB', 1000],
    ['4MB', 4_000_000],
    ['1GB', 1_000_000_000],
  ])('%s is %d bytes', (text, bytes) => {
    expect(parseByteSize(text)).toBe(bytes);
  });

  test.each(['', '-1', 'MiB', '1.3', '0.1K', '4mib', '1e3', '0x10', '99999999999G', '1 2', 'NaN'])(
    'refuses "%s"',
    (text) => {
      expect(() => parseByteSize(text)).toThrow('a whole number of bytes');
    },
  );
});
