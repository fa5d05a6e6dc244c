import { replaceTimers } from '../../src/timers/node-timers.js';

const realTurn = setImmediate;
const realTimeout = setTimeout;
const realClear = clearTimeout;

/** Timers of so many milliseconds stay real: they are for requests that hang. */
const longDelay = 1000;

/**
 * Replaces the library's time: a turn of the event loop lasts a millisecond. So short timers take
 * part in a random schedule that a seed repeats.
 *
 * @returns A function that restores the real timers.
 */
export function countTurns(): () => void {
  let turn = 0;
  let isOver = false;
  const cleared = new WeakSet<object>();
  const next = () => {
    turn++;
    if (!isOver) realTurn(next);
  };
  realTurn(next);
  const restore = replaceTimers({
    now: () => turn,
    setTimeout: (run, delay) => {
      if (delay >= longDelay) return realTimeout(run, delay);
      const timer = { ref: () => timer, unref: () => timer };
      const dueAt = turn + Math.max(1, delay);
      const check = () => {
        if (cleared.delete(timer)) return;
        if (turn >= dueAt) run();
        else realTurn(check);
      };
      realTurn(check);
      return timer as NodeJS.Timeout;
    },
    clearTimeout: (timer) => {
      if (timer === undefined) return;
      cleared.add(timer);
      realClear(timer);
    },
  });
  return () => {
    isOver = true;
    restore();
  };
}

/** Resolves after so many turns of the event loop. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => realTurn(resolve));
}
