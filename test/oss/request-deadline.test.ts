import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  RequestAborted,
  RequestDeadline,
  RequestTimedOut,
} from '../../src/oss/request-deadline.js';

describe('RequestDeadline', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('aborts when its time is up, and not before', () => {
    const deadline = new RequestDeadline(100);
    vi.advanceTimersByTime(99);
    expect(deadline.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(deadline.signal.reason).toBeInstanceOf(RequestTimedOut);
  });

  test('restart() grants the whole time again', () => {
    const deadline = new RequestDeadline(100);
    vi.advanceTimersByTime(99);
    deadline.restart();
    vi.advanceTimersByTime(99);
    expect(deadline.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(deadline.signal.aborted).toBe(true);
  });

  test('aborts with its caller, also with one that had aborted before', () => {
    const caller = new AbortController();
    const early = new RequestDeadline(100, { signal: caller.signal });
    caller.abort('reason');
    const late = new RequestDeadline(100, { signal: caller.signal });
    for (const { signal } of [early, late]) {
      expect(signal.reason).toBeInstanceOf(RequestAborted);
      expect(signal.reason.cause).toBe('reason');
    }
  });

  test('suspend() stops the clock, and that of the caller, until it is told to go on', () => {
    const calls: string[] = [];
    const suspendTimeout = () => {
      calls.push('suspend');
      return () => calls.push('resume');
    };
    const caller = new AbortController();
    const deadline = new RequestDeadline(100, { signal: caller.signal, suspendTimeout });
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

  test('suspend() leaves the signal of the caller alone', () => {
    const caller = new AbortController();
    const deadline = new RequestDeadline(100, { signal: caller.signal });
    const timeOut = () => caller.abort(new DOMException('Too late', 'TimeoutError'));
    vi.advanceTimersByTime(60);
    deadline.suspend();
    vi.advanceTimersByTime(1000);
    timeOut();
    expect(deadline.signal.reason).toMatchObject({ timeout: 1060 });
  });

  test('tells of a time that did not pass while it was suspended', () => {
    const caller = new AbortController();
    const deadline = new RequestDeadline(100, { signal: caller.signal });
    const resume = deadline.suspend();
    vi.advanceTimersByTime(1000);
    resume();
    vi.advanceTimersByTime(70);
    caller.abort(new DOMException('Too late', 'TimeoutError'));
    expect(deadline.signal.reason).toMatchObject({ timeout: 70 });
  });

  test('clear() leaves neither timer nor listener behind', () => {
    const { signal } = new AbortController();
    const deadline = new RequestDeadline(100, { signal });
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    deadline.clear();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});
