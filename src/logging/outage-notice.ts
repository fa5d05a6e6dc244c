import { formatDuration } from '../quantity.js';
import { nodeTimers } from '../timers/node-timers.js';
import { printNotice } from './standard-error.js';

/** Milliseconds that an outage lasts before anybody is told. */
const patience = 10_000;

interface Outage {
  readonly startedAt: number;
  readonly timer: NodeJS.Timeout;

  /** Why the last attempt failed. */
  error: Error;
  isTold: boolean;
}

/** Says once that an outage lasts, and once that it is over, in a line on standard error each. */
export class OutageNotice {
  readonly #object: string;
  readonly #print: (message: string) => void;
  #outage: Outage | undefined;

  /** @param object What the object is called. */
  constructor(object: string, print = printNotice) {
    this.#object = object;
    this.#print = print;
  }

  /** An attempt failed, and another follows. */
  failed(error: Error): void {
    if (this.#outage !== undefined) {
      this.#outage.error = error;
      return;
    }
    this.#outage = {
      startedAt: nodeTimers.now(),
      // A timer, because an attempt that gets no answer takes longer to fail. It keeps nobody alive.
      timer: nodeTimers.setTimeout(() => this.#tell(), patience).unref(),
      error,
      isTold: false,
    };
  }

  /** OSS does what it is asked to. */
  recovered(): void {
    const outage = this.#outage;
    if (outage === undefined) return;
    this.close();
    if (!outage.isTold) return;
    const duration = formatDuration(nodeTimers.now() - outage.startedAt);
    this.#print(`the outage of ${this.#object} is over after ${duration}`);
  }

  /** Says nothing from now on, unless another attempt fails. */
  close(): void {
    nodeTimers.clearTimeout(this.#outage?.timer);
    this.#outage = undefined;
  }

  #tell(): void {
    const outage = this.#outage as Outage;
    outage.isTold = true;
    const duration = formatDuration(nodeTimers.now() - outage.startedAt);
    this.#print(
      `nothing could be committed to ${this.#object} for ${duration}, trying on: ${outage.error.message}`,
    );
  }
}
