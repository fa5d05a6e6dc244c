import { longestTimer } from '../assertions.js';
import { nodeTimers } from '../timers/node-timers.js';
import { onIdle } from './exit-hook.js';

/** Whoever would be cut short by the end of the process. */
interface Unfinished {
  readonly isUnfinished: boolean;

  /** The process would end by itself: listeners of `beforeExit` have all had their turn. */
  end(): void;
}

/** Ends what is unfinished when nothing else keeps the process alive, unless somebody waits for it. */
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
        // Listeners that come after this one may write last words.
        nodeTimers.setImmediate(() => {
          if (this.#awaited === 0 && unfinished.isUnfinished) unfinished.end();
        });
      }
    });
  }

  /** Somebody waits for `promise`. */
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
