import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { PollSchedule } from '../../../src/read/follow/poll-schedule.js';
import { useFakeTimers, useRealTimers } from '../../helpers/fake-timers.js';
import { settle } from '../scripted-reading.js';

beforeEach(() => {
  useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  useRealTimers();
});

function createSchedule(isWanted = () => true) {
  const controller = new AbortController();
  const { signal } = controller;
  const intervals = { pollInterval: 1000, maxPollInterval: 10_000 };
  return { schedule: new PollSchedule({ ...intervals, signal, isWanted }), controller };
}

/** Waits for the next poll. */
function waitFor(schedule: PollSchedule, hasGrown: boolean) {
  const waiting = { isNext: false };
  schedule.begin();
  void schedule.next({ hasGrown }).then(() => {
    waiting.isNext = true;
  });
  return waiting;
}

/** Milliseconds from a poll to the next, if the poll itself takes `duration`. */
async function intervalAfter(schedule: PollSchedule, hasGrown: boolean, duration = 0) {
  const start = performance.now();
  schedule.begin();
  await vi.advanceTimersByTimeAsync(duration);
  const next = schedule.next({ hasGrown }).then(() => performance.now() - start);
  await vi.runAllTimersAsync();
  return next;
}

describe('PollSchedule', () => {
  test('doubles the interval while nothing is new, up to its maximum, and falls back', async () => {
    const { schedule } = createSchedule();
    const intervals: number[] = [];
    for (const hasGrown of [true, true, false, false, false, false, false, true, false]) {
      intervals.push(await intervalAfter(schedule, hasGrown));
    }

    expect(intervals).toEqual([1000, 1000, 2000, 4000, 8000, 10_000, 10_000, 1000, 2000]);
  });

  test('counts from the beginning of a poll, and never backwards', async () => {
    const { schedule } = createSchedule();

    expect(await intervalAfter(schedule, true, 300)).toBe(1000);
    expect(await intervalAfter(schedule, true, 5000)).toBe(5000);
  });

  test('waits until somebody reads', async () => {
    let isWanted = false;
    const { schedule } = createSchedule(() => isWanted);
    const waiting = waitFor(schedule, true);
    await vi.advanceTimersByTimeAsync(60_000);
    schedule.look();
    await settle();
    expect(waiting.isNext).toBe(false);
    expect(vi.getTimerCount()).toBe(0);

    isWanted = true;
    schedule.look();
    await settle();
    expect(waiting.isNext).toBe(true);
  });

  test('waits no longer than the shortest interval when reading goes on', async () => {
    let isWanted = true;
    const { schedule } = createSchedule(() => isWanted);
    await intervalAfter(schedule, false);
    // Four seconds.
    const waiting = waitFor(schedule, false);
    isWanted = false;
    schedule.look();
    await vi.advanceTimersByTimeAsync(300);
    expect(vi.getTimerCount()).toBe(0);
    isWanted = true;
    schedule.look();
    await vi.advanceTimersByTimeAsync(699);
    expect(waiting.isNext).toBe(false);
    await vi.advanceTimersByTimeAsync(1);

    expect(waiting.isNext).toBe(true);
  });

  test('takes it for no pause when nobody reads within one call', async () => {
    let isWanted = true;
    const { schedule } = createSchedule(() => isWanted);
    const waiting = waitFor(schedule, false);
    for (const value of [false, true]) {
      isWanted = value;
      schedule.look();
    }
    await vi.advanceTimersByTimeAsync(1999);
    expect(waiting.isNext).toBe(false);
    await vi.advanceTimersByTimeAsync(1);

    expect(waiting.isNext).toBe(true);
  });

  test.each([true, false])('ends its wait when it is aborted, isWanted: %s', async (isWanted) => {
    const { schedule, controller } = createSchedule(() => isWanted);
    schedule.begin();
    const next = schedule.next({ hasGrown: true });
    if (!isWanted) await vi.advanceTimersByTimeAsync(60_000);
    controller.abort();

    await next;
    expect(vi.getTimerCount()).toBe(0);
  });
});
