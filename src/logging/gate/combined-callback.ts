import type { Callback } from '../../callback.js';
import { nodeTimers } from '../../timers/node-timers.js';

/**
 * One callback for all of them. Each runs in a tick of its own, so that one that throws does not
 * prevent the others.
 */
export function combinedCallback(callbacks: readonly Callback[]): Callback | undefined {
  if (callbacks.length === 0) return undefined;
  return (error) => {
    for (const callback of callbacks) nodeTimers.nextTick(callback, error);
  };
}
