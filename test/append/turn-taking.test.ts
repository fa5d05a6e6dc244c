import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { TurnTaking } from '../../src/append/turn-taking.js';
import { useFakeTimers, useRealTimers } from '../helpers/fake-timers.js';

beforeEach(() => {
  useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
});

afterEach(() => {
  vi.restoreAllMocks();
  useRealTimers();
});

/** Which of so many commits are followed by a pause, counted from 1. */
function pausesIn(commits: number, turns: TurnTaking, conflictAt?: number): number[] {
  const pauses: number[] = [];
  for (let commit = 1; commit <= commits; commit++) {
    if (turns.yieldAfterCommit(commit === conflictAt, 10, () => {})) pauses.push(commit);
    vi.advanceTimersByTime(10);
  }
  return pauses;
}

describe('TurnTaking', () => {
  test('lets another writer go first after a conflict, for sixteen commits', () => {
    const expected = Array.from({ length: 16 }, (_, index) => 3 + index);

    expect(pausesIn(40, new TurnTaking(), 3)).toEqual(expected);
  });

  test('does so after every thirty-second commit without any conflict', () => {
    expect(pausesIn(100, new TurnTaking())).toEqual([32, 64, 96]);
  });

  test('waits for a part of the time that an append takes, but no longer than a second', () => {
    const turns = new TurnTaking();
    const onTurn = vi.fn();
    turns.yieldAfterCommit(true, 100, onTurn);
    vi.advanceTimersByTime(49);
    expect(turns.isYielding).toBe(true);
    vi.advanceTimersByTime(1);
    expect(onTurn).toHaveBeenCalledOnce();
    expect(turns.isYielding).toBe(false);
    turns.yieldAfterCommit(true, 1e6, onTurn);
    vi.advanceTimersByTime(500);

    expect(onTurn).toHaveBeenCalledTimes(2);
  });
});
