import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Intake } from '../../src/append/intake.js';
import { useFakeTimers, useRealTimers } from '../helpers/fake-timers.js';

beforeEach(() => {
  useFakeTimers();
});
afterEach(() => {
  useRealTimers();
});

test('the wait of bytes behind a full chunk counts from their own first, not from that of the chunk', () => {
  const intake = new Intake({ chunkSize: 8, limit: 24, flushInterval: 1000 }, () => {});
  intake.open();
  const accept = (data: string) => intake.accept(data, 'utf8', () => {});
  accept('a');
  vi.advanceTimersByTime(900);
  accept('bcdefghij');
  expect(intake.cut().toString()).toBe('abcdefgh');
  intake.release({ reuse: true });
  expect(intake.nextLength).toBe(2);

  vi.advanceTimersByTime(999);
  expect(intake.isDue).toBe(false);
  vi.advanceTimersByTime(1);
  expect(intake.isDue).toBe(true);
  intake.close(null, new Error('over'));
});
