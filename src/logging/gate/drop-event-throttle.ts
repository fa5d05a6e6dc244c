import type { DropEvent } from '../../stream/events.js';
import { nodeTimers } from '../../timers/node-timers.js';

/** Minimum milliseconds between two events. */
const pause = 100;

/**
 * Combines drops into few events. A listener that logs each event may cause another drop: that loop
 * must neither keep the process busy nor keep it alive.
 */
export class DropEventThrottle {
  readonly #emit: (drop: DropEvent) => void;
  #count = 0;
  #byteLength = 0;
  #emittedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(emit: (drop: DropEvent) => void) {
    this.#emit = emit;
  }

  add({ count, byteLength }: DropEvent): void {
    const isScheduled = this.#byteLength > 0;
    this.#count += count;
    this.#byteLength += byteLength;
    if (isScheduled) return;
    const delay = this.#emittedAt + pause - nodeTimers.now();
    // Deferred: a user's listener must not run inside `write()`.
    if (delay <= 0) nodeTimers.nextTick(() => this.flush());
    else this.#timer = nodeTimers.setTimeout(() => this.flush(), delay).unref();
  }

  /** Emits the drops that have not been emitted yet. */
  flush(): void {
    nodeTimers.clearTimeout(this.#timer);
    if (this.#byteLength === 0) return;
    const drop = { count: this.#count, byteLength: this.#byteLength };
    this.#count = 0;
    this.#byteLength = 0;
    this.#emittedAt = nodeTimers.now();
    this.#emit(drop);
  }
}
