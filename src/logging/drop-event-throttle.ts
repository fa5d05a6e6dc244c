import type { DropEvent } from '../stream/events.js';
import { nodeTimers } from '../timers/node-timers.js';

/** Least milliseconds from one notice to the next. */
const pause = 100;

/**
 * Tells of drops together and not too often, because whoever is told may well log it, and so drop
 * another line: that must neither go round for ever nor keep the process busy or alive.
 */
export class DropEventThrottle {
  readonly #tell: (drop: DropEvent) => void;
  #count = 0;
  #byteLength = 0;
  #toldAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(tell: (drop: DropEvent) => void) {
    this.#tell = tell;
  }

  add({ count, byteLength }: DropEvent): void {
    const isScheduled = this.#byteLength > 0;
    this.#count += count;
    this.#byteLength += byteLength;
    if (isScheduled) return;
    const delay = this.#toldAt + pause - nodeTimers.now();
    // Never at once: a listener of theirs must not run within a write.
    if (delay <= 0) nodeTimers.nextTick(() => this.flush());
    else this.#timer = nodeTimers.setTimeout(() => this.flush(), delay).unref();
  }

  /** Tells of what nobody has been told of yet. */
  flush(): void {
    nodeTimers.clearTimeout(this.#timer);
    if (this.#byteLength === 0) return;
    const drop = { count: this.#count, byteLength: this.#byteLength };
    this.#count = 0;
    this.#byteLength = 0;
    this.#toldAt = nodeTimers.now();
    this.#tell(drop);
  }
}
