import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FlushTimer } from '../../src/buffer/flush-timer.js';
import { nodeTimers } from '../../src/timers/node-timers.js';
import { useFakeTimers, useRealTimers } from '../helpers/fake-timers.js';

beforeEach(() => {
  useFakeTimers();
});

afterEach(() => {
  useRealTimers();
});

const nextTick = () => new Promise<void>((resolve) => process.nextTick(resolve));

describe('FlushTimer.isDue', () => {
  test('is false before the first byte', () => {
    expect(new FlushTimer(0, () => {}).isDue).toBe(false);
    vi.advanceTimersByTime(10_000);
    expect(new FlushTimer(1000, () => {}).isDue).toBe(false);
  });

  test('becomes true after the interval, and stays true until stop()', () => {
    const clock = new FlushTimer(1000, () => {});
    clock.start();
    vi.advanceTimersByTime(999);
    expect(clock.isDue).toBe(false);
    vi.advanceTimersByTime(1);
    expect(clock.isDue).toBe(true);
    vi.advanceTimersByTime(100_000);
    expect(clock.isDue).toBe(true);
    clock.stop();
    expect(clock.isDue).toBe(false);
  });

  test('is true at once with an interval of 0', () => {
    const clock = new FlushTimer(0, () => {});
    clock.start();

    expect(clock.isDue).toBe(true);
  });

  test('is never true with an infinite interval', () => {
    const clock = new FlushTimer(Number.POSITIVE_INFINITY, () => {});
    clock.start();
    vi.advanceTimersByTime(2 ** 40);

    expect(clock.isDue).toBe(false);
  });
});

describe('FlushTimer.start()', () => {
  test('calls onDue once, after the interval', () => {
    const onDue = vi.fn();
    const clock = new FlushTimer(1000, onDue);
    clock.start();
    vi.advanceTimersByTime(999);
    expect(onDue).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(onDue).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(100_000);
    expect(onDue).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('calls onDue on the next tick, not synchronously, with an interval of 0', async () => {
    const onDue = vi.fn();
    new FlushTimer(0, onDue).start();
    expect(onDue).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
    await nextTick();

    expect(onDue).toHaveBeenCalledOnce();
  });

  test('sets no timer for an infinite interval', () => {
    new FlushTimer(Number.POSITIVE_INFINITY, () => {}).start();

    expect(vi.getTimerCount()).toBe(0);
  });

  test('keeps the process alive', () => {
    useRealTimers();
    const setTimer = vi.spyOn(nodeTimers, 'setTimeout');
    const clock = new FlushTimer(1000, () => {});
    clock.start();
    const timer: NodeJS.Timeout | undefined = setTimer.mock.results[0]?.value;
    expect(timer?.hasRef()).toBe(true);
    clock.stop();
    expect(timer?.hasRef()).toBe(false);
    clock.close();
    setTimer.mockRestore();
  });
});

describe('FlushTimer.stop()', () => {
  test('prevents calls of onDue', () => {
    const onDue = vi.fn();
    const clock = new FlushTimer(1000, onDue);
    clock.start();
    clock.stop();
    vi.advanceTimersByTime(10_000);

    expect(onDue).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('makes the next byte wait for the whole interval', () => {
    const onDue = vi.fn();
    const clock = new FlushTimer(1000, onDue);
    clock.start();
    vi.advanceTimersByTime(900);
    clock.stop();
    clock.start();
    vi.advanceTimersByTime(999);
    expect(onDue).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);

    expect(onDue).toHaveBeenCalledOnce();
  });

  test('does nothing before start()', () => {
    expect(() => new FlushTimer(1000, () => {}).stop()).not.toThrow();
  });
});

describe('FlushTimer.close()', () => {
  test.each([{ flushInterval: 0 }, { flushInterval: 1000 }])(
    'leaves no timer, with an interval of $flushInterval',
    ({ flushInterval }) => {
      const clock = new FlushTimer(flushInterval, () => {});
      clock.start();
      clock.close();

      expect(clock.isDue).toBe(false);
      expect(vi.getTimerCount()).toBe(0);
    },
  );
});
