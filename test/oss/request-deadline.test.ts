import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  RequestAborted,
  RequestDeadline,
  RequestTimedOut,
  timeoutOf,
} from '../../src/oss/request-deadline.js';

describe('timeoutOf()', () => {
  test.each([
    { scenario: 'no body', byteLength: 0, expected: 60_000 },
    { scenario: '32 KiB', byteLength: 32_768, expected: 61_000 },
    { scenario: '4 MiB', byteLength: 4 * 1024 * 1024, expected: 188_000 },
    { scenario: 'a slower limit', byteLength: 32_768, trafficLimit: 131_072, expected: 62_000 },
    { scenario: 'a faster limit', byteLength: 32_768, trafficLimit: 819_200, expected: 61_000 },
    { scenario: 'more than a timer takes', byteLength: 2 ** 40, expected: 2 ** 31 - 1 },
  ])('of $scenario is $expected ms', ({ byteLength, trafficLimit, expected }) => {
    expect(timeoutOf(60_000, byteLength, trafficLimit)).toBe(expected);
  });
});

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
