import { RecordEnds } from '../../buffer/record-ends.js';
import type { RecordDelimiter } from './record-delimiter.js';

const noBytes = Buffer.alloc(0);

/**
 * Finds where the lines of a log end, which come in pieces. What ends one may be torn between two of
 * them, so each piece is passed when it is over.
 */
export class LineEnds {
  readonly #delimiter: RecordDelimiter;

  /** The end of the bytes passed; `undefined` if the delimiter is a single byte, which cannot be torn. */
  readonly #passed: RecordEnds | undefined;
  #isWithinLine = false;

  constructor(delimiter: RecordDelimiter) {
    this.#delimiter = delimiter;
    const { bytes } = delimiter;
    this.#passed = bytes.byteLength > 1 ? new RecordEnds(bytes) : undefined;
  }

  /** Whether the bytes passed end within a line. */
  get isWithinLine(): boolean {
    return this.#isWithinLine;
  }

  /** Notes that `data` follows the bytes passed. */
  pass(data: string | Uint8Array): void {
    if (data.length === 0) return;
    if (this.#delimiter.ends(data)) {
      this.beginLine();
    } else if (this.#passed === undefined) {
      this.#isWithinLine = true;
    } else {
      this.#passed.cutOff(this.#delimiter.endOf(data));
      this.#isWithinLine = this.#passed.isWithinRecord;
    }
  }

  /** What is passed next begins a line. */
  beginLine(): void {
    if (this.#isWithinLine) this.#passed?.cutOff(this.#delimiter.bytes);
    this.#isWithinLine = false;
  }

  /**
   * Offset after the first line that ends behind `start`, up to which `bytes` have been passed; the length
   * if none does.
   */
  firstEnd(bytes: Buffer, start = 0): number {
    if (this.#isWithinLine && this.#passed !== undefined) {
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
    if (this.#isWithinLine && this.#passed !== undefined) {
      return start + this.#passed.lastEnd(piece);
    }
    const index = piece.lastIndexOf(this.#delimiter.needle);
    return index === -1 ? start : start + index + this.#delimiter.bytes.byteLength;
  }
}
