import { describe, expect, test } from 'vitest';
import { parseDuration, parseEndlessDuration } from '../../../src/cli/flags/duration.js';

describe('parseDuration', () => {
  test.each([
    ['0', 0],
    ['250', 250],
    ['250ms', 250],
    ['2s', 2000],
    ['1.5 m', 90_000],
    ['1h', 3_600_000],
  ])('%s is %d milliseconds', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  test.each(['', 's', '-1s', '2 days', '1S', 'Infinity', '1e3'])('refuses "%s"', (text) => {
    expect(() => parseDuration(text)).toThrow('It must be a duration');
  });

  test('parseEndlessDuration() also accepts Infinity', () => {
    expect(parseEndlessDuration('Infinity')).toBe(Number.POSITIVE_INFINITY);
    expect(parseEndlessDuration('2s')).toBe(2000);
  });
});
