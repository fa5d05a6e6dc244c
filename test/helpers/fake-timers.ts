import { vi } from 'vitest';
import { replaceTimers } from '../../src/timers/node-timers.js';

/**
 * As {@link vi.useFakeTimers}, and for the timers of the library too, which otherwise stay the real ones.
 * Turns of its event loop stay real.
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

/** As {@link vi.useRealTimers}, and for the library too. */
export function useRealTimers(): void {
  replaceTimers({})();
  vi.useRealTimers();
}
