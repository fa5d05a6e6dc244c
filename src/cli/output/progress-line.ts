import { formatByteSize } from '../../quantity.js';
import type { AppendWritable } from '../../stream/append-writable.js';
import { complain, toLine } from '../messages.js';

/** Milliseconds between updates. */
const interval = 500;

const clearLine = '\r\u001b[K';

/** A line on a terminal that shows the progress of a stream until it is closed. */
export class ProgressLine {
  readonly #stream: AppendWritable;
  readonly #timer: NodeJS.Timeout;
  readonly #startedAt = performance.now();
  #trouble: string | undefined;

  constructor(stream: AppendWritable) {
    this.#stream = stream;
    this.#timer = setInterval(() => this.#draw(), interval);
    stream.on('retry', ({ error, attemptNumber }) => {
      this.#trouble = `attempt ${attemptNumber} failed: ${toLine(error.message)}`;
    });
    for (const event of ['ready', 'commit'] as const) {
      stream.on(event, () => {
        this.#trouble = undefined;
      });
    }
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

  #draw(): void {
    const { bytesWritten, writableLength, stats } = this.#stream;
    const seconds = (performance.now() - this.#startedAt) / 1000;
    const parts = [
      `${formatByteSize(bytesWritten)} committed`,
      `${formatByteSize(bytesWritten / seconds)}/s`,
      `${formatByteSize(writableLength)} waiting`,
      `${stats.appends} appends`,
      ...(this.#trouble === undefined ? [] : [this.#trouble]),
    ];
    // A line that wraps could not be erased. Some terminals report no width.
    const width = (process.stderr.columns || 80) - 1;
    process.stderr.write(`${clearLine}${parts.join('  ').slice(0, width)}`);
  }
}

/** Whether standard error is a terminal that can erase a line. */
export function canShowProgress(): boolean {
  return process.stderr.isTTY && process.env.TERM !== 'dumb';
}
