/** Timers, turns of the event loop and clocks, as far as the library needs them. */
export interface NodeTimers {
  setTimeout(run: () => void, delay: number): NodeJS.Timeout;
  clearTimeout(timer: NodeJS.Timeout | undefined): void;

  /** Runs `run` with `args` in the next turn of the event loop. */
  setImmediate<Args extends unknown[]>(run: (...args: Args) => void, ...args: Args): void;

  /** Runs `run` with `args` when the call under way has returned to Node.js. */
  nextTick<Args extends unknown[]>(run: (...args: Args) => void, ...args: Args): void;
  queueMicrotask(run: () => void): void;

  /** Milliseconds of a clock that nobody sets. */
  now(): number;

  /** Milliseconds since 1970. */
  date(): number;
}

/**
 * Those of Node.js as they were when the library was loaded. Test runners put fakes in the place of
 * the globals (`vi.useFakeTimers()`, jest), and a stream has to go on all the same, as `fetch`, `fs`
 * and `node:http` do.
 */
const real: NodeTimers = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setImmediate: globalThis.setImmediate,
  nextTick: process.nextTick,
  queueMicrotask: globalThis.queueMicrotask,
  now: performance.now.bind(performance),
  date: Date.now,
};

/** What the library uses instead of the globals. */
export const nodeTimers: NodeTimers = { ...real };

/**
 * Has the library use others: for a simulation of its own, and for tests of single parts.
 *
 * @returns Puts the real ones back.
 */
export function replaceTimers(replacement: Partial<NodeTimers>): () => void {
  Object.assign(nodeTimers, replacement);
  return () => {
    Object.assign(nodeTimers, real);
  };
}

/**
 * Whether somebody has put a fake in the place of `setImmediate()`. undici looks it up as a global
 * before it uses a connection again, so that a request on a connection that was used would hang.
 */
export function areTurnsFaked(): boolean {
  return globalThis.setImmediate !== real.setImmediate;
}

/** Resolves in the next turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => nodeTimers.setImmediate(resolve));
}
