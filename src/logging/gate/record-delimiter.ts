/** What ends a record, in the forms in which it is looked for. */
export class RecordDelimiter {
  readonly bytes: Buffer;

  /** `undefined` if the bytes are not valid UTF-8, so that no string ends with them. */
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
    if (typeof data === 'string') return this.text !== undefined && data.endsWith(this.text);
    if (typeof this.needle === 'number') return data.at(-1) === this.needle;
    return this.bytes.equals(data.subarray(-this.bytes.byteLength));
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
