/** The timers, turns of the event loop and clocks that the library uses. */
export interface NodeTimers {
  setTimeout(run: () => void, delay: number): NodeJS.Timeout;
  clearTimeout(timer: NodeJS.Timeout | undefined): void;

  /** Runs `run` with `args` in the next turn of the event loop. */
  setImmediate<Args extends unknown[]>(run: (...args: Args) => void, ...args: Args): void;

  /** Runs `run` with `args` when the current call stack has returned to Node.js. */
  nextTick<Args extends unknown[]>(run: (...args: Args) => void, ...args: Args): void;
  queueMicrotask(run: () => void): void;

  /** Milliseconds of a monotonic clock. */
  now(): number;

  /** Milliseconds since 1970. */
  date(): number;
}

/**
 * Node's timers at the time the library was loaded. Test runners replace the globals with fakes
 * (`vi.useFakeTimers()`, jest), and a stream must keep working then, as `fetch`, `fs` and
 * `node:http` do.
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

/** The library uses these instead of the globals. */
export const nodeTimers: NodeTimers = { ...real };

/**
 * Replaces the timers of the library, for its simulation and for unit tests.
 *
 * @returns A function that restores the real ones.
 */
export function replaceTimers(replacement: Partial<NodeTimers>): () => void {
  Object.assign(nodeTimers, replacement);
  return () => {
    Object.assign(nodeTimers, real);
  };
}

/**
 * Whether a fake replaces the global `setImmediate()`. undici calls the global before it reuses a
 * connection, so a request on a reused connection would hang.
 */
export function areTurnsFaked(): boolean {
  return globalThis.setImmediate !== real.setImmediate;
}

/** Resolves in the next turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => nodeTimers.setImmediate(resolve));
}
