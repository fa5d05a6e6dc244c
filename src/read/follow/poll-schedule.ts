import { pause } from '../../append/retry-policy.js';
import { nodeTimers } from '../../timers/node-timers.js';

/** How often an object is asked for, in milliseconds. */
export interface PollIntervals {
  /** After a poll that found something new. */
  readonly pollInterval: number;

  /** At most, after many that found nothing. */
  readonly maxPollInterval: number;
}

export interface PollScheduleOptions extends PollIntervals {
  readonly signal: AbortSignal;

  /** Whether somebody waits for bytes. */
  readonly isWanted: () => boolean;
}

/** Decides when to poll: less and less often while nothing is new, and not while nobody reads. */
export class PollSchedule {
  readonly #options: PollScheduleOptions;
  #interval: number;
  #begunAt = 0;

  /** What it waits for; `undefined` while it does not wait. */
  #wait: { readonly isWanted: boolean; readonly end: () => void } | undefined;

  constructor(options: PollScheduleOptions) {
    const { signal, pollInterval } = options;
    this.#options = options;
    this.#interval = pollInterval;
    signal.addEventListener('abort', () => this.#wait?.end(), { once: true });
  }

  /** Notes that a poll begins. Intervals are from one beginning to the next. */
  begin(): void {
    this.#begunAt = nodeTimers.now();
  }

  /**
   * Resolves when the next poll is due; at once after the stream was destroyed. Where nobody read for
   * a while, that is when reading goes on, but not earlier than `pollInterval` allows.
   */
  async next({ hasGrown }: { readonly hasGrown: boolean }): Promise<void> {
    const { pollInterval, maxPollInterval, signal, isWanted } = this.#options;
    this.#interval = hasGrown ? pollInterval : Math.min(2 * this.#interval, maxPollInterval);
    let dueAt = this.#begunAt + this.#interval;
    let isDue = false;
    while (!isDue && !signal.aborted) {
      if (!isWanted()) dueAt = this.#begunAt + pollInterval;
      isDue = await this.#waitUntil(dueAt);
    }
  }

  /** Looks again whether somebody waits for bytes. */
  look(): void {
    if (this.#wait === undefined) return;
    if (this.#wait.isWanted !== this.#options.isWanted()) this.#wait.end();
  }

  /**
   * Waits for an instant, or for a change in whether somebody waits for bytes. Resolves with whether the
   * instant has come, and somebody waits.
   */
  async #waitUntil(dueAt: number): Promise<boolean> {
    const isWanted = this.#options.isWanted();
    const change = new AbortController();
    this.#wait = { isWanted, end: () => change.abort() };
    if (isWanted) {
      await pause(dueAt - nodeTimers.now(), { signal: change.signal, unref: false });
    } else {
      // No timer, which would keep the process alive.
      await new Promise((resolve) => change.signal.addEventListener('abort', resolve));
    }
    this.#wait = undefined;
    return !change.signal.aborted && this.#options.isWanted();
  }
}
