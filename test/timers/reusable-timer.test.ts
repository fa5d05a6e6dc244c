import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { nodeTimers, replaceTimers } from '../../src/timers/node-timers.js';
import { ReusableTimer } from '../../src/timers/reusable-timer.js';
import { useFakeTimers, useRealTimers } from '../helpers/fake-timers.js';

beforeEach(() => {
  useFakeTimers();
});

afterEach(() => {
  useRealTimers();
});

describe('ReusableTimer', () => {
  test('calls back once, when the time is up', () => {
    const onDue = vi.fn();
    const timer = new ReusableTimer();
    timer.start(100, onDue);
    vi.advanceTimersByTime(99);
    expect(timer.isDue).toBe(false);
    expect(onDue).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(onDue).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(100_000);
    expect(timer.isDue).toBe(true);
    expect(onDue).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each([
    { change: 'later', delay: 100 },
    { change: 'sooner', delay: 10 },
    { change: 'at the same time', delay: 60 },
  ])('is due $change when it is restarted, and calls only the last callback', ({ delay }) => {
    const [first, second] = [vi.fn(), vi.fn()];
    const timer = new ReusableTimer();
    timer.start(100, first);
    vi.advanceTimersByTime(40);
    timer.start(delay, second);
    vi.advanceTimersByTime(delay - 1);
    expect(second).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(second).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(1000);
    expect(second).toHaveBeenCalledOnce();
    expect(first).not.toHaveBeenCalled();
  });

  test('sets one Node.js timer, however often it is postponed and stopped', () => {
    const setTimer = vi.fn(nodeTimers.setTimeout);
    replaceTimers({ setTimeout: setTimer });
    const onDue = vi.fn();
    const timer = new ReusableTimer();
    for (let count = 0; count < 1000; count++) {
      timer.start(1000, onDue);
      timer.stop();
    }
    expect(setTimer).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(10_000);
    expect(onDue).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('keeps waiting when the Node.js timer fires too early', () => {
    const seen: boolean[] = [];
    const timer = new ReusableTimer();
    const now = vi.fn(() => 0.75);
    replaceTimers({ now });
    timer.start(10, () => seen.push(timer.isDue));
    now.mockReturnValue(10.5);
    vi.advanceTimersByTime(10);
    expect(seen).toEqual([]);
    now.mockReturnValue(11);
    vi.advanceTimersByTime(1);
    expect(seen).toEqual([true]);
  });

  test('never calls back, and sets no timer, for an infinite delay', () => {
    const onDue = vi.fn();
    const timer = new ReusableTimer();
    timer.start(Number.POSITIVE_INFINITY, onDue);
    expect(vi.getTimerCount()).toBe(0);
    timer.start(10, onDue);
    timer.start(Number.POSITIVE_INFINITY, onDue);
    vi.advanceTimersByTime(2 ** 40);
    expect(timer.isDue).toBe(false);
    expect(onDue).not.toHaveBeenCalled();
  });

  test('keeps the process alive while it is running', () => {
    useRealTimers();
    const running = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout');
    const { length } = running();
    const timer = new ReusableTimer();
    timer.start(60_000, () => {});
    expect(running()).toHaveLength(length + 1);
    timer.stop();
    expect(running()).toHaveLength(length);
    timer.start(60_000, () => {});
    expect(running()).toHaveLength(length + 1);
    timer.close();
    expect(running()).toHaveLength(length);
  });

  test('close() leaves no timer behind, and start() works again', () => {
    const onDue = vi.fn();
    const timer = new ReusableTimer();
    timer.start(100, onDue);
    timer.close();
    expect(vi.getTimerCount()).toBe(0);
    expect(timer.isDue).toBe(false);
    timer.start(100, onDue);
    vi.advanceTimersByTime(100);
    expect(onDue).toHaveBeenCalledOnce();
  });
});
