import { formatDuration } from '../quantity.js';
import { nodeTimers } from '../timers/node-timers.js';
import { printNotice } from './standard-error.js';

/** Milliseconds that an outage lasts before it is reported. */
const noticeDelay = 10_000;

interface Outage {
  readonly startedAt: number;
  readonly timer: NodeJS.Timeout;

  /** Why the last attempt failed. */
  error: Error;
  isReported: boolean;
}

/** Prints one line to standard error when an outage lasts, and another one when it is over. */
export class OutageNotice {
  readonly #nameObject: () => string;
  readonly #print: (message: string) => void;
  #outage: Outage | undefined;

  /** @param nameObject Returns the name of the current object, for the messages. */
  constructor(nameObject: () => string, print = printNotice) {
    this.#nameObject = nameObject;
    this.#print = print;
  }

  /** An attempt failed and will be retried. */
  failed(error: Error): void {
    if (this.#outage !== undefined) {
      this.#outage.error = error;
      return;
    }
    this.#outage = {
      startedAt: nodeTimers.now(),
      // A timer, because an attempt without an answer may take longer than this to fail.
      timer: nodeTimers.setTimeout(() => this.#report(), noticeDelay).unref(),
      error,
      isReported: false,
    };
  }

  /** A request succeeded. */
  recovered(): void {
    const outage = this.#outage;
    if (outage === undefined) return;
    this.close();
    if (!outage.isReported) return;
    const duration = formatDuration(nodeTimers.now() - outage.startedAt);
    this.#print(`the outage of ${this.#nameObject()} is over after ${duration}`);
  }

  /** Prints nothing more unless another attempt fails. */
  close(): void {
    nodeTimers.clearTimeout(this.#outage?.timer);
    this.#outage = undefined;
  }

  #report(): void {
    const outage = this.#outage as Outage;
    outage.isReported = true;
    const duration = formatDuration(nodeTimers.now() - outage.startedAt);
    this.#print(
      `nothing could be committed to ${this.#nameObject()} for ${duration}, still retrying: ${outage.error.message}`,
    );
  }
}
