import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  RequestAborted,
  RequestDeadline,
  RequestTimedOut,
} from '../../../src/oss/http/request-deadline.js';
import { useFakeTimers, useRealTimers } from '../../helpers/fake-timers.js';

describe('RequestDeadline', () => {
  beforeEach(() => {
    useFakeTimers();
  });
  afterEach(() => {
    useRealTimers();
  });

  test('aborts at its timeout and not before', () => {
    const deadline = new RequestDeadline(100);
    vi.advanceTimersByTime(99);
    expect(deadline.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(deadline.signal.reason).toBeInstanceOf(RequestTimedOut);
  });

  test('restart() starts the timeout again', () => {
    const deadline = new RequestDeadline(100);
    vi.advanceTimersByTime(99);
    deadline.restart();
    vi.advanceTimersByTime(99);
    expect(deadline.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(deadline.signal.aborted).toBe(true);
  });

  test('aborts with its caller, including one that had aborted before', () => {
    const caller = new AbortController();
    const early = new RequestDeadline(100, { signal: caller.signal });
    caller.abort('reason');
    const late = new RequestDeadline(100, { signal: caller.signal });
    for (const { signal } of [early, late]) {
      expect(signal.reason).toBeInstanceOf(RequestAborted);
      expect(signal.reason.cause).toBe('reason');
    }
  });

  test('suspend() stops the timeout, and that of the caller, until it is resumed', () => {
    const calls: string[] = [];
    const timeout = {
      milliseconds: 60_000,
      suspend() {
        calls.push('suspend');
        return () => calls.push('resume');
      },
    };
    const caller = new AbortController();
    const deadline = new RequestDeadline(100, { signal: caller.signal, timeout });
    vi.advanceTimersByTime(60);
    const resume = deadline.suspend();
    vi.advanceTimersByTime(100_000);
    expect(deadline.signal.aborted).toBe(false);
    resume();
    expect(calls).toEqual(['suspend', 'resume']);
    vi.advanceTimersByTime(39);
    expect(deadline.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(deadline.signal.reason).toMatchObject({ timeout: 100 });
  });

  test.each([
    { milliseconds: 99, timers: 0 },
    { milliseconds: 100, timers: 0 },
    { milliseconds: 101, timers: 1 },
  ])(
    "sets $timers timers for a timeout of 100 ms if the caller's timeout is $milliseconds ms",
    (setting) => {
      const caller = new AbortController();
      const timeout = { milliseconds: setting.milliseconds, suspend: () => () => {} };
      const deadline = new RequestDeadline(100, { signal: caller.signal, timeout });
      deadline.restart();
      expect(vi.getTimerCount()).toBe(setting.timers);
      caller.abort(new DOMException('Too late', 'TimeoutError'));
      expect(deadline.signal.reason).toBeInstanceOf(RequestTimedOut);
      deadline.clear();
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  test('sets a timer of its own if the caller passes a timeout without a signal', () => {
    const timeout = { milliseconds: 50, suspend: () => () => {} };
    const deadline = new RequestDeadline(100, { timeout });
    vi.advanceTimersByTime(100);
    expect(deadline.signal.reason).toMatchObject({ timeout: 100 });
  });

  test('suspend() does not suspend the signal of the caller', () => {
    const caller = new AbortController();
    const deadline = new RequestDeadline(100, { signal: caller.signal });
    const timeOut = () => caller.abort(new DOMException('Too late', 'TimeoutError'));
    vi.advanceTimersByTime(60);
    deadline.suspend();
    vi.advanceTimersByTime(1000);
    timeOut();
    expect(deadline.signal.reason).toMatchObject({ timeout: 1060 });
  });

  test('the reported timeout excludes the time for which it was suspended', () => {
    const caller = new AbortController();
    const deadline = new RequestDeadline(100, { signal: caller.signal });
    const resume = deadline.suspend();
    vi.advanceTimersByTime(1000);
    resume();
    vi.advanceTimersByTime(70);
    caller.abort(new DOMException('Too late', 'TimeoutError'));
    expect(deadline.signal.reason).toMatchObject({ timeout: 70 });
  });

  test('clear() removes its timer and listener', () => {
    const { signal } = new AbortController();
    const deadline = new RequestDeadline(100, { signal });
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    deadline.clear();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('adds one listener to the signal of a caller with a timeout, however many requests there are', () => {
    const caller = new AbortController();
    const timeout = { milliseconds: 100, suspend: () => () => {} };
    const cleared = new RequestDeadline(100, { signal: caller.signal, timeout });
    cleared.clear();
    const deadline = new RequestDeadline(100, { signal: caller.signal, timeout });
    expect(getEventListeners(caller.signal, 'abort')).toHaveLength(1);
    caller.abort('reason');
    expect(deadline.signal.reason).toMatchObject({ cause: 'reason' });
    expect(cleared.signal.aborted).toBe(false);
  });
});
