import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WriteBuffer } from '../../src/buffer/write-buffer.js';
import { useFakeTimers, useRealTimers } from '../helpers/fake-timers.js';

beforeEach(() => {
  useFakeTimers();
});
afterEach(() => {
  useRealTimers();
});

test('the flush interval of bytes behind a full chunk starts at their own first byte', () => {
  const buffer = new WriteBuffer({ chunkSize: 8, limit: 24, flushInterval: 1000 });
  buffer.open('a.log', 0);
  const accept = (data: string) => buffer.accept(data, 'utf8', () => {});
  accept('a');
  vi.advanceTimersByTime(900);
  accept('bcdefghij');
  expect(buffer.cut().toString()).toBe('abcdefgh');
  buffer.release({ reuse: true });
  expect(buffer.nextLength).toBe(2);

  vi.advanceTimersByTime(999);
  expect(buffer.isDue).toBe(false);
  vi.advanceTimersByTime(1);
  expect(buffer.isDue).toBe(true);
  buffer.close(null, new Error('over'));
});
