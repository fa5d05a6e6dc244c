import { expect, test } from 'vitest';
import { count, formatByteSize, formatDuration } from '../src/quantity.js';

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [1_048_575, '1.0 MiB'],
  [5_368_709_120, '5.0 GiB'],
])('formatByteSize() formats %d as %s', (bytes, text) => {
  expect(formatByteSize(bytes)).toBe(text);
});

test.each([
  [4.4, '4 ms'],
  [1500, '1.5 s'],
  [59_960, '1 min 0 s'],
  [200_000, '3 min 20 s'],
])('formatDuration() formats %d as %s', (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text);
});

test.each([
  [0, '0 lines'],
  [1, '1 line'],
  [2, '2 lines'],
])('count() formats %d as %s', (number, text) => {
  expect(count(number, 'line')).toBe(text);
});
