import { onTestFinished, vi } from 'vitest';
import { AppendReadable, type AppendReadableOptions } from '../../src/index.js';
import type { ReadClient } from '../../src/read/read-requests.js';
import { useFakeTimers, useRealTimers } from '../helpers/fake-timers.js';
import { retry, settle } from './scripted-reading.js';

/** Opens a reader whose clock only {@link pass} moves, and collects what it reads. */
export function openReader(
  client: ReadClient,
  options: Partial<AppendReadableOptions> = {},
  { now = '2026-11-28T12:00:00Z' } = {},
) {
  useFakeTimers({
    now: Date.parse(now),
    toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'],
  });
  const reader = new AppendReadable({ client, key: 'a.log', retry, ...options });
  const log: string[] = [];
  const errors: Error[] = [];
  reader.on('rollover', ({ from, to }) =>
    log.push(`[${from.key} at ${from.position} > ${to.key}]`),
  );
  reader.on('error', (error) => errors.push(error));
  reader.on('end', () => log.push('[end]'));
  onTestFinished(() => {
    reader.destroy();
    useRealTimers();
  });
  return {
    reader,
    errors,

    /** What was read, with events in brackets. */
    log,

    /** Starts to read, as fast as the bytes come. */
    flow(): void {
      reader.on('data', (bytes) => log.push(String(bytes)));
    },

    get text(): string {
      return log.join('');
    },
  };
}

/** Lets time pass. */
export async function pass(milliseconds: number): Promise<void> {
  await settle();
  await vi.advanceTimersByTimeAsync(milliseconds);
  await settle();
}
