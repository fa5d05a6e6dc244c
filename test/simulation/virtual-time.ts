import { replaceTimers } from '../../src/timers/node-timers.js';

const realImmediate = setImmediate;

/**
 * Time that passes only in `step()`. While installed, it replaces the timers and the clock of the
 * library, the global ones, and `Math.random()`. Timers due at the same time run in the order in
 * which they were set, and as in Node.js a timer may run a fraction of a millisecond too early.
 */
export class VirtualTime {
  readonly #random: () => number;
  readonly #timers = new Map<number, Timer>();
  readonly #real = {
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    random: Math.random,
    now: performance.now,
  };
  #now = 0;
  #order = 0;
  #putBack = (): void => {};

  /** @param random Stands in for `Math.random()`. */
  constructor(random: () => number) {
    this.#random = random;
  }

  get now(): number {
    return this.#now;
  }

  install(): void {
    Object.assign(globalThis, {
      setTimeout: (run: (...args: unknown[]) => void, delay = 0, ...args: unknown[]) =>
        this.#add(args.length === 0 ? run : () => run(...args), delay),
      // A timer of another instance may have the same number.
      clearTimeout: (handle: unknown) => {
        if (handle instanceof Timer && this.#timers.get(handle.order) === handle) {
          this.#timers.delete(handle.order);
        }
      },
    });
    Math.random = this.#random;
    performance.now = () => this.#now;
    const { setTimeout, clearTimeout } = globalThis;
    this.#putBack = replaceTimers({ setTimeout, clearTimeout, now: performance.now });
  }

  uninstall(): void {
    const { setTimeout, clearTimeout, random, now } = this.#real;
    Object.assign(globalThis, { setTimeout, clearTimeout });
    Math.random = random;
    performance.now = now;
    this.#putBack();
  }

  /** Waits for turns of the event loop, so that everything happens that needs no timer. */
  async settle(turns: number): Promise<void> {
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => realImmediate(resolve));
  }

  get isIdle(): boolean {
    return this.#timers.size === 0;
  }

  /** Advances to the next timer and runs it; `false` when there is none. */
  step(): boolean {
    let next: Timer | undefined;
    for (const timer of this.#timers.values()) {
      if (next === undefined || timer.at < next.at) next = timer;
    }
    if (next === undefined) return false;
    this.#timers.delete(next.order);
    this.#now = Math.max(this.#now, next.at);
    next.run();
    return true;
  }

  #add(run: () => void, delay: number): Timer {
    const order = ++this.#order;
    const early = (order * 0.618) % 1;
    const timer = new Timer(this.#now + Math.max(delay, 1) - early, order, run);
    this.#timers.set(order, timer);
    return timer;
  }
}

class Timer {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;

  constructor(at: number, order: number, run: () => void) {
    this.at = at;
    this.order = order;
    this.run = run;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}
