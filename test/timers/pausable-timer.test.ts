import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { nodeTimers, replaceTimers } from '../../src/timers/node-timers.js';
import { PausableTimer } from '../../src/timers/pausable-timer.js';
import { ReusableTimer } from '../../src/timers/reusable-timer.js';
import { useFakeTimers, useRealTimers } from '../helpers/fake-timers.js';

describe('PausableTimer', () => {
  beforeEach(() => {
    useFakeTimers();
  });
  afterEach(() => {
    useRealTimers();
  });

  function start(timeout: number) {
    const onDue = vi.fn();
    return { timer: new PausableTimer(timeout, onDue), onDue };
  }

  test('calls back once, when its time is up', () => {
    const { onDue } = start(100);
    vi.advanceTimersByTime(99);
    expect(onDue).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1000);
    expect(onDue).toHaveBeenCalledOnce();
  });

  test('does not count the time for which it is suspended', () => {
    const { timer, onDue } = start(100);
    vi.advanceTimersByTime(40);
    const resume = timer.suspend();
    vi.advanceTimersByTime(1000);
    resume();
    vi.advanceTimersByTime(59);
    expect(onDue).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(onDue).toHaveBeenCalledOnce();
  });

  test('sets no negative delay, of which Node would warn, when it is suspended after its time', () => {
    const { timer, onDue } = start(10);
    // The event loop was blocked for longer, so that an answer is handled before the timer.
    const { now, setTimeout } = nodeTimers;
    const late = now() + 50;
    replaceTimers({ now: () => late });
    vi.advanceTimersByTime(10);
    const setTimer = vi.fn(setTimeout);
    replaceTimers({ setTimeout: setTimer });
    timer.suspend()();
    replaceTimers({ now });
    vi.advanceTimersByTime(41);

    expect(setTimer).toHaveBeenCalledWith(expect.any(Function), 0);
    expect(onDue).toHaveBeenCalledOnce();
  });

  test('stops until every suspension has ended, and ignores repeated calls to end one', () => {
    const { timer, onDue } = start(100);
    const first = timer.suspend();
    const second = timer.suspend();
    first();
    first();
    vi.advanceTimersByTime(1000);
    expect(onDue).not.toHaveBeenCalled();
    second();
    vi.advanceTimersByTime(100);
    expect(onDue).toHaveBeenCalledOnce();
  });

  test.each([
    { scenario: 'was cleared', end: (timer: PausableTimer) => timer.clear(), calls: 0 },
    { scenario: 'is over', end: () => vi.advanceTimersByTime(100), calls: 1 },
  ])('does not restart once it $scenario', ({ end, calls }) => {
    const { timer, onDue } = start(100);
    end(timer);
    timer.suspend()();
    vi.advanceTimersByTime(1000);
    expect(onDue).toHaveBeenCalledTimes(calls);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('does not touch the shared timer once it is over', () => {
    const shared = new ReusableTimer();
    const [first, second] = [vi.fn(), vi.fn()];
    const over = new PausableTimer(100, first, shared);
    over.clear();
    const current = new PausableTimer(100, second, shared);
    vi.advanceTimersByTime(40);
    const resume = over.suspend();
    resume();
    over.clear();
    vi.advanceTimersByTime(60);
    expect(second).toHaveBeenCalledOnce();
    current.clear();
    expect(first).not.toHaveBeenCalled();
  });

  test('close() leaves no timer behind', () => {
    const { timer, onDue } = start(100);
    timer.close();
    timer.suspend()();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(1000);
    expect(onDue).not.toHaveBeenCalled();
  });

  test('does not restart when it is cleared while it is suspended', () => {
    const { timer, onDue } = start(100);
    const resume = timer.suspend();
    timer.clear();
    resume();
    vi.advanceTimersByTime(1000);
    expect(onDue).not.toHaveBeenCalled();
  });
});
