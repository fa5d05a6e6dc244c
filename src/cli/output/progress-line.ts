import { formatByteSize } from '../../quantity.js';
import type { AppendWritable } from '../../stream/append-writable.js';
import { toLine } from '../messages.js';

/** Milliseconds between two states of the line. */
const interval = 500;

const clearLine = '\r\u001b[K';

/** One line on a terminal that shows how far a stream has come, as long as it is open. */
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

  /** Takes the line away. */
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
    // A line that wraps could not be taken away again. Some terminals do not know their width.
    const width = (process.stderr.columns || 80) - 1;
    process.stderr.write(`${clearLine}${parts.join('  ').slice(0, width)}`);
  }
}

/** Whether somebody watches, on something that can take a line away again. */
export function canShowProgress(): boolean {
  return process.stderr.isTTY && process.env.TERM !== 'dumb';
}
