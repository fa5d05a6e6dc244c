import { replaceTimers } from '../../src/timers/node-timers.js';

const realImmediate = setImmediate;

/** When a life begins, unless it is set: a day without a change of any clock. */
const firstDate = Date.UTC(2026, 0, 15, 12);

/**
 * Time that passes only in `step()`. While installed, it replaces the timers and the clocks of the
 * library, the global ones, and `Math.random()`. Timers due at the same time run in the order in
 * which they were set, and as in Node.js a timer may run a fraction of a millisecond too early.
 *
 * It has two clocks: the monotonic one, by which timers run, and the date, which may be set.
 */
export class VirtualTime {
  readonly #random: () => number;
  readonly #timers = new Map<number, Timer>();
  readonly #real = {
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    random: Math.random,
    now: performance.now,
    date: Date.now,
  };
  #now = 0;

  /** The date when the monotonic clock was 0. */
  #epoch = firstDate;
  #disturbances = 0;
  #order = 0;

  /** Calls of the library that wait for the next turn of the event loop. */
  #turns = 0;
  #putBack = (): void => {};

  /** @param random Stands in for `Math.random()`. */
  constructor(random: () => number) {
    this.#random = random;
  }

  get now(): number {
    return this.#now;
  }

  /** Milliseconds since 1970. */
  get date(): number {
    // The sum is exact to less than a microsecond, and a date that was set must be read the same.
    return Math.floor(this.#epoch + this.#now + 0.001);
  }

  /** Sets the date, as a clock that is corrected. A suspended computer shows its process the same. */
  set date(date: number) {
    this.#epoch = date - this.#now;
    this.#disturbances++;
  }

  /** How often the date was set or the process stopped: timers may be late for the date. */
  get disturbances(): number {
    return this.#disturbances;
  }

  /** Stops the process for some milliseconds: both clocks go on, and timers run late. */
  stop(milliseconds: number): void {
    this.#now += milliseconds;
    this.#disturbances++;
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
    Date.now = () => this.date;
    const { setTimeout, clearTimeout } = globalThis;
    const { now } = performance;
    this.#putBack = replaceTimers({
      ...{ setTimeout, clearTimeout, now, date: Date.now },
      setImmediate: (run, ...args) => {
        this.#turns++;
        realImmediate(() => {
          this.#turns--;
          run(...args);
        });
      },
    });
  }

  uninstall(): void {
    const { setTimeout, clearTimeout, random, now, date } = this.#real;
    Object.assign(globalThis, { setTimeout, clearTimeout });
    Math.random = random;
    performance.now = now;
    Date.now = date;
    this.#putBack();
  }

  /** Waits until everything has happened that needs no timer. */
  async settle(): Promise<void> {
    do await new Promise((resolve) => realImmediate(resolve));
    while (this.#turns > 0);
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
