import { formatByteSize } from '../../quantity.js';
import type { AppendWritable } from '../../stream/append-writable.js';
import { toLine } from '../messages.js';
import { canShowProgress, StatusLine } from './status-line.js';

export { canShowProgress };

/** A line on a terminal that shows the progress of a stream until it is closed. */
export class ProgressLine {
  readonly #stream: AppendWritable;
  readonly #length: number | undefined;
  readonly #line = new StatusLine(() => this.#describe());
  readonly #startedAt = performance.now();
  #trouble: string | undefined;

  /** @param length Bytes that the object will have; `undefined` if that is not known. */
  constructor(stream: AppendWritable, length?: number) {
    this.#stream = stream;
    this.#length = length;
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
    this.#line.complain(message);
  }

  /** Erases the line. */
  close(): void {
    this.#line.close();
  }

  #describe(): readonly string[] {
    const { bytesWritten, position = 0, writableLength, stats } = this.#stream;
    const seconds = (performance.now() - this.#startedAt) / 1000;
    const committed =
      this.#length === undefined
        ? formatByteSize(bytesWritten)
        : `${formatByteSize(position)} of ${formatByteSize(this.#length)}`;
    return [
      `${committed} committed`,
      `${formatByteSize(bytesWritten / seconds)}/s`,
      `${formatByteSize(writableLength)} waiting`,
      `${stats.appends} appends`,
      ...(this.#trouble === undefined ? [] : [this.#trouble]),
    ];
  }
}
