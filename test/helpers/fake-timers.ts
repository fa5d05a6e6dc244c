import { vi } from 'vitest';
import { replaceTimers } from '../../src/timers/node-timers.js';

/**
 * Like {@link vi.useFakeTimers}, but also fakes the timers of the library, which otherwise stay
 * real. Its `setImmediate()` stays real.
 */
export function useFakeTimers(options?: Parameters<typeof vi.useFakeTimers>[0]): void {
  vi.useFakeTimers(options);
  replaceTimers({
    setTimeout: (run, delay) => globalThis.setTimeout(run, delay),
    clearTimeout: (timer) => globalThis.clearTimeout(timer),
    now: () => performance.now(),
    date: () => Date.now(),
  });
}

/** Like {@link vi.useRealTimers}, but also restores the timers of the library. */
export function useRealTimers(): void {
  replaceTimers({})();
  vi.useRealTimers();
}
