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
    vi.advanceTimersByTime(100);
  }
  return pauses;
}

/** Milliseconds of the pause after a commit whose append took `duration`. */
function pauseAfter(turns: TurnTaking, hasConflicted: boolean, duration: number): number {
  const startedAt = performance.now();
  let pause = Number.NaN;
  turns.yieldAfterCommit(hasConflicted, duration, () => {
    pause = performance.now() - startedAt;
  });
  vi.advanceTimersByTime(10_000);
  return pause;
}

describe('TurnTaking', () => {
  test('lets another writer go first after a conflict, for sixteen commits', () => {
    const expected = Array.from({ length: 16 }, (_, index) => 3 + index);

    expect(pausesIn(40, new TurnTaking(), 3)).toEqual(expected);
  });

  test('does so after every thirty-second commit without any conflict', () => {
    expect(pausesIn(100, new TurnTaking())).toEqual([32, 64, 96]);
  });

  test('waits for a part of the time that an append takes: longer with each commit without a conflict, up to four times', () => {
    const turns = new TurnTaking();
    const pauses = Array.from({ length: 12 }, (_, commit) => pauseAfter(turns, commit === 0, 80));

    // Half of the longest, as `Math.random()` returns 0.5.
    const longest = pauses.map((pause) => (2 * pause) / 80);
    expect(longest.slice(0, 9)).toEqual([0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4]);
    expect(pauseAfter(turns, true, 80)).toBe(pauses[0]);
  });

  test('waits for one append at most where it knows of no conflict', () => {
    const turns = new TurnTaking();
    pausesIn(31, turns);

    expect(pauseAfter(turns, false, 100)).toBe(50);
  });

  test('waits no longer than a second', () => {
    expect(pauseAfter(new TurnTaking(), true, 1e6)).toBe(500);
  });

  test('says that it waits until it calls back', () => {
    const turns = new TurnTaking();
    const onTurn = vi.fn();
    turns.yieldAfterCommit(true, 100, onTurn);
    vi.advanceTimersByTime(24);
    expect(turns.isYielding).toBe(true);
    vi.advanceTimersByTime(1);

    expect(onTurn).toHaveBeenCalledOnce();
    expect(turns.isYielding).toBe(false);
  });
});
