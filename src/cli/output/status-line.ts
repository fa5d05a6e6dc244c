import { complain } from '../messages.js';

/** Milliseconds between updates. */
const interval = 500;

const clearLine = '\r\u001b[K';

/** A line on a terminal that is drawn again and again until it is closed. */
export class StatusLine {
  readonly #timer: NodeJS.Timeout;

  /** @param describe Returns the parts of the line. */
  constructor(describe: () => readonly string[]) {
    this.#timer = setInterval(() => {
      // A line that wraps could not be erased. Some terminals report no width.
      const width = (process.stderr.columns || 80) - 1;
      process.stderr.write(`${clearLine}${describe().join('  ').slice(0, width)}`);
    }, interval);
  }

  /** Prints a message in its place. */
  complain(message: string): void {
    process.stderr.write(clearLine);
    complain(message);
  }

  /** Erases the line. */
  close(): void {
    clearInterval(this.#timer);
    process.stderr.write(clearLine);
  }
}

/** Whether standard error is a terminal that can erase a line. */
export function canShowProgress(): boolean {
  return process.stderr.isTTY && process.env.TERM !== 'dumb';
}
