import { RecordEnds } from '../../buffer/record-ends.js';
import { bytesOf } from './data-bytes.js';
import type { RecordDelimiter } from './record-delimiter.js';

const noBytes = Buffer.alloc(0);

/**
 * Finds where the lines of a log end, which come in pieces. What ends one may be torn between two of
 * them, so each piece is passed when it is over.
 */
export class LineEnds {
  readonly #delimiter: RecordDelimiter;
  readonly #passed: RecordEnds;

  constructor(delimiter: RecordDelimiter) {
    this.#delimiter = delimiter;
    this.#passed = new RecordEnds(delimiter.bytes);
  }

  /** Whether the bytes passed end within a line. */
  get isWithinLine(): boolean {
    return this.#passed.isWithinRecord;
  }

  /** Notes that `data` follows the bytes passed. */
  pass(data: string | Uint8Array): void {
    if (data.length === 0) return;
    const { bytes } = this.#delimiter;
    if (!this.#delimiter.ends(data)) {
      // The end of a string suffices; its first UTF-16 code unit may be half a character.
      const end = typeof data === 'string' ? data.slice(-bytes.byteLength - 1) : data;
      this.#passed.cutOff(bytesOf(end));
    } else if (this.isWithinLine) {
      this.#passed.cutOff(bytes);
    }
  }

  /** What is passed next begins a line. */
  beginLine(): void {
    if (this.isWithinLine) this.#passed.cutOff(this.#delimiter.bytes);
  }

  /**
   * Offset after the first line that ends behind `start`, up to which `bytes` have been passed; the length
   * if none does.
   */
  firstEnd(bytes: Buffer, start = 0): number {
    if (this.#mayBeTorn) {
      const end = this.#passed.firstEnd(bytes.subarray(start), noBytes);
      return end === undefined ? bytes.byteLength : start + end;
    }
    const index = bytes.indexOf(this.#delimiter.needle, start);
    return index === -1 ? bytes.byteLength : index + this.#delimiter.bytes.byteLength;
  }

  /**
   * Offset after the last line that ends between `start`, up to which `bytes` have been passed, and `end`;
   * `start` if none does.
   */
  lastEnd(bytes: Buffer, start: number, end: number): number {
    if (end <= start) return start;
    const piece = bytes.subarray(start, end);
    if (this.#mayBeTorn) return start + this.#passed.lastEnd(piece);
    const index = piece.lastIndexOf(this.#delimiter.needle);
    return index === -1 ? start : start + index + this.#delimiter.bytes.byteLength;
  }

  get #mayBeTorn(): boolean {
    return this.#delimiter.bytes.byteLength > 1 && this.isWithinLine;
  }
}
