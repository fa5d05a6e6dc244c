import { bytesOf } from './data-bytes.js';

/** What ends a record, in the forms in which it is looked for. */
export class RecordDelimiter {
  readonly bytes: Buffer;

  /** `undefined` if the bytes are not valid UTF-8, so that they are no string. */
  readonly text: string | undefined;

  /** What to search bytes for: a single byte is found faster as a number. */
  readonly needle: number | Buffer;

  constructor(delimiter: string | Uint8Array) {
    this.bytes = Buffer.from(delimiter as string);
    const text = this.bytes.toString();
    this.text = Buffer.from(text).equals(this.bytes) ? text : undefined;
    const [first] = this.bytes;
    this.needle = this.bytes.byteLength === 1 && first !== undefined ? first : this.bytes;
  }

  /** Whether `data` ends with it. */
  ends(data: string | Uint8Array): boolean {
    if (typeof data === 'string') {
      if (this.text !== undefined) return data.endsWith(this.text);
      return this.ends(this.endOf(data));
    }
    if (typeof this.needle === 'number') return data.at(-1) === this.needle;
    return this.bytes.equals(data.subarray(-this.bytes.byteLength));
  }

  /** The end of `data`, not shorter than the delimiter unless `data` is. */
  endOf(data: string | Uint8Array): Buffer {
    // The first UTF-16 code unit may be half a character.
    return bytesOf(typeof data === 'string' ? data.slice(-this.bytes.byteLength - 1) : data);
  }

  /** Records in `bytes`, including an unfinished one at the end. */
  count(bytes: Buffer): number {
    let records = 0;
    for (let start = 0; start < bytes.byteLength; records++) {
      const index = bytes.indexOf(this.needle, start);
      start = index === -1 ? bytes.byteLength : index + this.bytes.byteLength;
    }
    return records;
  }
}

/** What ends a line of a log without records. */
export const lineFeed = new RecordDelimiter('\n');
