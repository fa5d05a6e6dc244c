import { describe, expect, test } from 'vitest';
import { compareNames, parseRotation } from '../../../src/cli/follow/rotation-name.js';

describe('parseRotation()', () => {
  test.each([
    { suffix: '.0', time: '', number: 0 },
    { suffix: '.1', time: '', number: 1 },
    { suffix: '.0012', time: '', number: 12 },
    { suffix: '-20261130', time: '20261130', number: 0 },
    { suffix: '.20261130', time: '20261130', number: 0 },
    { suffix: '-2026113015', time: '2026113015', number: 0 },
    { suffix: '-1796070049', time: '1796070049', number: 0 },
    { suffix: '-20261130-1796070049', time: '20261130-1796070049', number: 0 },
    { suffix: '-20261130-153000', time: '20261130-153000', number: 0 },
    { suffix: '.20261130T153000', time: '20261130T153000', number: 0 },
    { suffix: '.2026-11-30', time: '2026-11-30', number: 0 },
    { suffix: '.2026.11.30', time: '2026.11.30', number: 0 },
    { suffix: '.2026-11-30.2', time: '2026-11-30', number: 2 },
    { suffix: '.2026-11-30.10', time: '2026-11-30', number: 10 },
    { suffix: '-20261130.1', time: '20261130', number: 1 },
    { suffix: '.2026-11-30_12', time: '2026-11-30_12', number: 0 },
    { suffix: '.2026-11-30_12-00-00', time: '2026-11-30_12-00-00', number: 0 },
    { suffix: '.2026-11-30_12:00:00.3', time: '2026-11-30_12:00:00', number: 3 },
    { suffix: '.2026-11', time: '2026-11', number: 0 },
  ])('reads $suffix', ({ suffix, time, number }) => {
    expect(parseRotation(suffix)).toMatchObject({ time, number });
  });

  test.each([
    ...['', '.', '-', '2', 's', '.a', '.1a', '-1', '.-1', '.1.2', '_20261130', '.2026-1'],
    ...['.offset', '.lock', '.old', '.prev', '.bak', '.swp', '.pos', '.d', '~', '.1~', '.1.offset'],
    ...['.1.gz', '-20261130.gz', '.2026-11-30.1.zst', '.20261130.offset', '-20261130-old'],
  ])('does not take %j for a rotation', (suffix) => {
    expect(parseRotation(suffix)).toBeUndefined();
  });
});

/** Whether the first is older than the second, newer, or it is `unknown`. */
function compare(a: string, b: string, direction: 1 | -1): string {
  const [one, two] = [parseRotation(a), parseRotation(b)];
  if (one === undefined || two === undefined) return 'no rotation';
  const sign = compareNames(one, two, direction);
  if (sign === 0) return 'unknown';
  return sign < 0 ? 'older' : 'newer';
}

test.each([
  { suffix: '.01', isPadded: true },
  { suffix: '.2026-11-30.001', isPadded: true },
  { suffix: '.0', isPadded: false },
  { suffix: '.10', isPadded: false },
  { suffix: '-20261130', isPadded: false },
])('parseRotation() notes whether $suffix has zeros before the number', ({ suffix, isPadded }) => {
  expect(parseRotation(suffix)?.isPadded).toBe(isPadded);
});

describe('compareNames()', () => {
  test('compares numbers in either direction', () => {
    expect(compare('.10', '.9', -1)).toBe('older');
    expect(compare('.10', '.9', 1)).toBe('newer');
  });

  test('compares times of one format, then numbers', () => {
    expect(compare('-20261129', '-20261130', -1)).toBe('older');
    expect(compare('.2026-12-01', '.2026-11-30', 1)).toBe('newer');
    expect(compare('.2026-11-30.2', '.2026-11-30.1', -1)).toBe('older');
    expect(compare('.2026-11-30', '.2026-11-30.1', 1)).toBe('older');
    expect(compare('.2026-11-29.1', '.2026-11-30.2', -1)).toBe('older');
  });

  test.each([
    ['.1', '-20261130'],
    ['-20261130', '.2026-11-30_12'],
    ['.1', '.01'],
  ])('does not compare %s with %s', (a, b) => {
    expect(compare(a, b, -1)).toBe('unknown');
  });
});
