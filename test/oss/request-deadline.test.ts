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
    const early = new RequestDeadline(100, caller.signal);
    caller.abort('reason');
    const late = new RequestDeadline(100, caller.signal);
    for (const { signal } of [early, late]) {
      expect(signal.reason).toBeInstanceOf(RequestAborted);
      expect(signal.reason.cause).toBe('reason');
    }
  });

  test('clear() leaves neither timer nor listener behind', () => {
    const { signal } = new AbortController();
    const deadline = new RequestDeadline(100, signal);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    deadline.clear();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});
