import { longestTimer } from '../assertions.js';
import { nodeTimers } from '../timers/node-timers.js';
import { onIdle } from './exit-hook.js';

/** A log that the end of the process might cut short. */
interface Unfinished {
  readonly isUnfinished: boolean;

  /** Called when the process is about to end by itself, after all `beforeExit` listeners. */
  end(): void;
}

/** Ends an unfinished log if nothing else keeps the process alive and no promise is awaited. */
export class NaturalEnd {
  readonly #forget: () => void;
  #awaited = 0;

  /** Keeps the process alive. */
  #keeper: NodeJS.Timeout | undefined;

  constructor(unfinished: Unfinished) {
    this.#forget = onIdle(() => {
      if (this.#awaited > 0) {
        this.#keeper ??= nodeTimers.setTimeout(() => {}, longestTimer);
      } else if (unfinished.isUnfinished) {
        // Later listeners of `beforeExit` may still write lines.
        nodeTimers.setImmediate(() => {
          if (this.#awaited === 0 && unfinished.isUnfinished) unfinished.end();
        });
      }
    });
  }

  /** Keeps the process alive at its natural end until `promise` has settled. */
  waitsFor<T>(promise: Promise<T>): Promise<T> {
    this.#awaited++;
    const settled = () => {
      if (--this.#awaited === 0) this.#release();
    };
    promise.then(settled, settled);
    return promise;
  }

  close(): void {
    this.#forget();
    this.#release();
  }

  #release(): void {
    nodeTimers.clearTimeout(this.#keeper);
    this.#keeper = undefined;
  }
}
