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
  #wake: (() => void) | undefined;

  constructor(options: PollScheduleOptions) {
    const { signal, pollInterval } = options;
    this.#options = options;
    this.#interval = pollInterval;
    signal.addEventListener('abort', () => this.wake(), { once: true });
  }

  /** Notes that a poll begins. Intervals are from one beginning to the next. */
  begin(): void {
    this.#begunAt = nodeTimers.now();
  }

  /** Resolves when the next poll is due; at once after the stream was destroyed. */
  async next({ hasGrown }: { readonly hasGrown: boolean }): Promise<void> {
    const { pollInterval, maxPollInterval, signal, isWanted } = this.#options;
    this.#interval = hasGrown ? pollInterval : Math.min(2 * this.#interval, maxPollInterval);
    await pause(this.#begunAt + this.#interval - nodeTimers.now(), { signal, unref: false });
    while (!isWanted() && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Looks again whether somebody waits for bytes. */
  wake(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
