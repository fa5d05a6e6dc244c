import { LinesDroppedError } from '../errors.js';
import { count, formatByteSize } from '../quantity.js';
import type { DropEvent } from '../stream/events.js';
import { nodeTimers } from '../timers/node-timers.js';
import { countLines } from './line-ends.js';

/** Keeps account of what was dropped, and has it said where it is missing. */
export class DropCounter {
  readonly #marker: string | false;
  readonly #onDrop: (drop: DropEvent) => void;
  #lines = 0;
  #bytes = 0;

  /** What no marker tells of yet. */
  #untoldLines = 0;
  #untoldBytes = 0;

  /** What nobody has been called for yet. */
  #unreportedLines = 0;
  #unreportedBytes = 0;

  /**
   * @param marker Line to leave where some are missing, without its end; `{lines}`, `{count}`,
   *   `{size}` and `{byteLength}` in it stand for how much. `false` for none.
   */
  constructor(marker: string | false, onDrop: (drop: DropEvent) => void) {
    this.#marker = marker;
    this.#onDrop = onDrop;
  }

  get lines(): number {
    return this.#lines;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Notes lines that were dropped; none, for the rest of one that has been counted. */
  add(lines: number, bytes: number): void {
    this.#count(lines, bytes);
    this.#untoldLines += lines;
    this.#untoldBytes += bytes;
  }

  /**
   * Notes and reports lines that came after the end. No marker tells of them: what is left may have
   * been handed back already.
   */
  dropLate(bytes: Uint8Array): void {
    this.#count(countLines(bytes), bytes.byteLength);
    this.report();
  }

  /** Calls `onDrop` for what was added since it was called last. */
  report(): void {
    const [count, byteLength] = [this.#unreportedLines, this.#unreportedBytes];
    this.#unreportedLines = 0;
    this.#unreportedBytes = 0;
    if (byteLength > 0) this.#onDrop({ count, byteLength });
  }

  /** The line to leave where they are missing, once; `undefined` when nothing is. */
  takeMarker(): string | undefined {
    const [lines, bytes] = [this.#untoldLines, this.#untoldBytes];
    if (lines === 0) return undefined;
    this.#untoldLines = 0;
    this.#untoldBytes = 0;
    if (this.#marker === false) return undefined;
    const words: Record<string, string> = {
      '{lines}': count(lines, 'line'),
      '{count}': String(lines),
      '{size}': formatByteSize(bytes).replace('.0 ', ' '),
      '{byteLength}': String(bytes),
    };
    const text = this.#marker.replaceAll(/\{\w+\}/g, (name) => words[name] ?? name);
    return `${text}\n`;
  }

  #count(lines: number, bytes: number): void {
    this.#lines += lines;
    this.#bytes += bytes;
    this.#unreportedLines += lines;
    this.#unreportedBytes += bytes;
  }
}

/** Tells whoever waits for a write that some of it will never be committed. */
export function tellDropped(callback: ((error: Error) => void) | undefined): void {
  if (callback === undefined) return;
  nodeTimers.nextTick(callback, new LinesDroppedError('Some of these lines were dropped', {}));
}
