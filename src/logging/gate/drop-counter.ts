import { LinesDroppedError } from '../../errors.js';
import { count, formatByteSize } from '../../quantity.js';
import type { DropEvent } from '../../stream/events.js';
import { nodeTimers } from '../../timers/node-timers.js';
import { lineFeed, type RecordDelimiter } from './record-delimiter.js';

/** Counts dropped lines, and writes a marker for the place in the log where they are missing. */
export class DropCounter {
  readonly #marker: string | false;
  readonly #onDrop: (drop: DropEvent) => void;
  readonly #delimiter: RecordDelimiter;
  #lines = 0;
  #bytes = 0;

  /** Dropped since the last marker. */
  #unmarkedLines = 0;
  #unmarkedBytes = 0;

  /** Dropped with a line that is unfinished: their marker waits for its end, to name all its bytes. */
  #unfinishedLines = 0;
  #unfinishedBytes = 0;

  /** Dropped since the last call of `onDrop`. */
  #unreportedLines = 0;
  #unreportedBytes = 0;

  /**
   * @param marker Line to write where lines are missing, without what ends it; `{lines}`,
   *   `{count}`, `{size}` and `{byteLength}` are replaced by how much is missing. `false` for none.
   * @param delimiter What ends a line, and makes one of the marker.
   */
  constructor(
    marker: string | false,
    onDrop: (drop: DropEvent) => void,
    delimiter: RecordDelimiter = lineFeed,
  ) {
    this.#marker = marker;
    this.#onDrop = onDrop;
    this.#delimiter = delimiter;
  }

  get lines(): number {
    return this.#lines;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Counts dropped lines. `lines` is 0 for the remainder of a line that was counted before. */
  add(lines: number, bytes: number): void {
    this.addUnfinished(lines, bytes);
    this.finish();
  }

  /** Counts dropped lines, the last of which is unfinished: they get no marker before {@link finish}. */
  addUnfinished(lines: number, bytes: number): void {
    this.#count(lines, bytes);
    this.#unfinishedLines += lines;
    this.#unfinishedBytes += bytes;
  }

  /** All that was counted may get a marker: no more of the last line is to come. */
  finish(): void {
    this.#unmarkedLines += this.#unfinishedLines;
    this.#unmarkedBytes += this.#unfinishedBytes;
    this.#unfinishedLines = 0;
    this.#unfinishedBytes = 0;
  }

  /**
   * Counts and reports lines written after the end. They get no marker, because the uncommitted
   * bytes may have been handed back already.
   */
  dropLate(bytes: Buffer): void {
    this.#count(this.#delimiter.count(bytes), bytes.byteLength);
    this.report();
  }

  /** Calls `onDrop` with the drops since its last call. */
  report(): void {
    const [count, byteLength] = [this.#unreportedLines, this.#unreportedBytes];
    this.#unreportedLines = 0;
    this.#unreportedBytes = 0;
    if (byteLength > 0) this.#onDrop({ count, byteLength });
  }

  /** Returns the marker for the finished drops since the last marker; `undefined` if there were none. */
  takeMarker(): Buffer | undefined {
    const [lines, bytes] = [this.#unmarkedLines, this.#unmarkedBytes];
    if (lines === 0) return undefined;
    this.#unmarkedLines = 0;
    this.#unmarkedBytes = 0;
    if (this.#marker === false) return undefined;
    const words: Record<string, string> = {
      '{lines}': count(lines, 'line'),
      '{count}': String(lines),
      '{size}': formatByteSize(bytes).replace('.0 ', ' '),
      '{byteLength}': String(bytes),
    };
    const text = this.#marker.replaceAll(/\{\w+\}/g, (name) => words[name] ?? name);
    return Buffer.concat([Buffer.from(text), this.#delimiter.bytes]);
  }

  #count(lines: number, bytes: number): void {
    this.#lines += lines;
    this.#bytes += bytes;
    this.#unreportedLines += lines;
    this.#unreportedBytes += bytes;
  }
}

/** Calls a write's callback with an error: some of its lines will never be committed. */
export function tellDropped(callback: ((error: Error) => void) | undefined): void {
  if (callback === undefined) return;
  nodeTimers.nextTick(callback, new LinesDroppedError('Some of these lines were dropped', {}));
}
