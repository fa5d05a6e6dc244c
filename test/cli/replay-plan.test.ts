import { describe, expect, test } from 'vitest';
import { comparableLength, planReplay } from '../../src/cli/replay-plan.js';

const MiB = 2 ** 20;

describe('a replay', () => {
  test('appends bytes without a place at the end', () => {
    const claim = { position: undefined, byteLength: 10, doubtful: 0 };

    expect(comparableLength(claim, 7)).toBe(0);
    expect(planReplay(claim, 7, 0, 'fail')).toEqual({
      ...{ action: 'append', position: 7, start: 0, isMove: true },
    });
  });

  test.each([
    ['everything where nothing has been appended', 100, 0, 0],
    ['the rest where the first of them are there', 104, 4, 4],
    ['the last byte where the others are there', 109, 9, 9],
  ])('appends %s', (_, length, comparable, start) => {
    const claim = { position: 100, byteLength: 10, doubtful: 4 };

    expect(comparableLength(claim, length)).toBe(comparable);
    expect(planReplay(claim, length, comparable, 'fail')).toEqual({
      ...{ action: 'append', position: length, start, isMove: false },
    });
  });

  test.each([110, 5000])('appends nothing to %d bytes that hold everything', (length) => {
    const claim = { position: 100, byteLength: 10, doubtful: 4 };

    expect(comparableLength(claim, length)).toBe(10);
    expect(planReplay(claim, length, 10, 'fail')).toEqual({ action: 'nothing' });
    expect(planReplay(claim, length, 10, 'rebase')).toEqual({ action: 'nothing' });
  });

  test.each(['fail', 'rebase'] as const)(
    'refuses an object that is too short, with %s',
    (conflict) => {
      const claim = { position: 100, byteLength: 10, doubtful: 0 };

      expect(comparableLength(claim, 99)).toBe(0);
      expect(planReplay(claim, 99, 0, conflict)).toEqual({ action: 'refuse', reason: 'shorter' });
    },
  );

  test.each([
    [101, 0],
    [104, 3],
    [110, 9],
    [5000, 4],
  ])('refuses %d bytes of which %d are ours, unless told otherwise', (length, matching) => {
    const claim = { position: 100, byteLength: 10, doubtful: 4 };

    expect(planReplay(claim, length, matching, 'fail')).toEqual({
      ...{ action: 'refuse', reason: 'conflict' },
    });
  });
});

describe('a rebase appends at the end', () => {
  test.each([
    ['everything where nothing is ours', 10, 4, 0, 0],
    ['everything where a stranger begins as the doubtful chunk does', 10, 4, 3, 0],
    ['everything where a stranger begins alike and nothing is in doubt', 10, 0, 3, 0],
    ['what follows the doubtful chunk', 10, 4, 4, 4],
    ['what follows it, where a stranger goes on alike', 10, 4, 6, 4],
    ['what follows the whole chunks of an earlier replay', 10 * MiB, 0, 9 * MiB, 8 * MiB],
    ['what follows those behind the doubtful chunk', 10 * MiB, 3, 4 * MiB + 5, 4 * MiB + 3],
    ['what follows those in place of the doubtful chunk', 10 * MiB, 9 * MiB, 5 * MiB, 4 * MiB],
  ])('%s', (_, byteLength, doubtful, matching, start) => {
    const claim = { position: 100, byteLength, doubtful };
    const length = 100 + 20 * MiB;

    expect(planReplay(claim, length, matching, 'rebase')).toEqual({
      ...{ action: 'append', position: length, start, isMove: true },
    });
  });
});
