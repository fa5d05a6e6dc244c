import { describe, expect, test } from 'vitest';
import { attemptTimeout } from '../../src/append/attempt-timeout.js';

describe('attemptTimeout()', () => {
  const kibibyte = 1024;
  test.each([
    { scenario: 'no body', byteLength: 0, trafficLimit: undefined, expected: 60_000 },
    { scenario: 'one second of body', byteLength: 32 * kibibyte, expected: 61_000 },
    { scenario: '4 MiB', byteLength: 4 * 2 ** 20, expected: 60_000 + 128_000 },
    {
      scenario: 'a traffic limit slower than 32 KiB/s',
      byteLength: 32 * kibibyte,
      trafficLimit: 8 * 16 * kibibyte,
      expected: 62_000,
    },
    {
      scenario: 'a traffic limit of exactly 32 KiB/s',
      byteLength: 32 * kibibyte,
      trafficLimit: 8 * 32 * kibibyte,
      expected: 61_000,
    },
    {
      scenario: 'a traffic limit faster than 32 KiB/s',
      byteLength: 32 * kibibyte,
      trafficLimit: 819_200,
      expected: 61_000,
    },
    {
      scenario: 'a traffic limit and no body',
      byteLength: 0,
      trafficLimit: 8 * kibibyte,
      expected: 60_000,
    },
    { scenario: '1 GiB, the largest chunk', byteLength: 2 ** 30, expected: 60_000 + 32_768_000 },
    {
      scenario: 'a body that takes longer than the longest timer',
      byteLength: 2 ** 40,
      expected: 2 ** 31 - 1,
    },
    {
      scenario: 'a traffic limit that makes it exceed the longest timer',
      byteLength: 2 ** 30,
      trafficLimit: 8,
      expected: 2 ** 31 - 1,
    },
  ])('allows $expected ms for $scenario', ({ byteLength, trafficLimit, expected }) => {
    expect(attemptTimeout(60_000, byteLength, trafficLimit)).toBe(expected);
  });

  test('never exceeds the longest delay of a timer', () => {
    expect(attemptTimeout(Number.POSITIVE_INFINITY, 0, undefined)).toBe(2 ** 31 - 1);
    expect(attemptTimeout(2 ** 31, 0, undefined)).toBe(2 ** 31 - 1);
  });
});
