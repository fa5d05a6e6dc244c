/** Most bytes that one writer writes in a life. */
export const mostBytes = 2 ** 18;

/** Most bytes of one of several writers. */
const mostOfMany = 2 ** 13;

/** A bound for the bytes of a record. */
export const longestRecord = 400;

/** Most writers in a life. */
export const mostWriters = 6;

/** Values below 0x80 for each of several writers, so that no two can be taken for each other. */
const alphabetSize = Math.floor(0x80 / mostWriters);

/** How records end, in the bytes of the first writer. */
export type RecordEnd = '\n' | '\r\n';

/**
 * What a writer writes, in lines: bytes below 0x80, so that strings can carry them, and without a
 * short period. Strangers write others.
 */
export class Source {
  readonly bytes: Buffer;

  /** The bytes that stand for a line feed and a carriage return. */
  readonly #lineFeed: number;
  readonly #carriageReturn: number;

  private constructor(bytes: Buffer, lineFeed: number, carriageReturn: number) {
    this.bytes = bytes;
    this.#lineFeed = lineFeed;
    this.#carriageReturn = carriageReturn;
  }

  /** The source of the only writer of a life. */
  static readonly only: Source = new Source(lines(mostBytes), 0x0a, 0x0d);

  /** The sources of several writers, which have no byte in common. */
  static readonly several: readonly Source[] = Array.from({ length: mostWriters }, (_, writer) => {
    const [lineFeed, carriageReturn] = [alphabetSize * writer, alphabetSize * writer + 1];
    const bytes = lines(mostOfMany).map((byte) => {
      if (byte === 0x0a) return lineFeed;
      if (byte === 0x0d) return carriageReturn;
      return carriageReturn + 1 + (byte % (alphabetSize - 2));
    });
    return new Source(Buffer.from(bytes), lineFeed, carriageReturn);
  });

  /** The option that ends a record as `end` does in the bytes of the first writer. */
  delimiter(end: RecordEnd): string {
    const lineFeed = String.fromCharCode(this.#lineFeed);
    return end === '\n' ? lineFeed : String.fromCharCode(this.#carriageReturn) + lineFeed;
  }

  /** End of the last record that begins at `start` or later and ends before `end`; `start` if none does. */
  lastRecordEnd(start: number, end: number, delimiter: string): number {
    const found = this.bytes.subarray(start, end).lastIndexOf(delimiter);
    return found === -1 ? start : start + found + delimiter.length;
  }
}

function lines(byteLength: number): Buffer {
  const bytes = Buffer.alloc(byteLength);
  for (let index = 0; index < byteLength; index++) {
    bytes[index] = (index * 31 + (index >> 5) * 17 + (index >> 9) * 3 + (index >> 14)) & 0x7f;
  }
  // Lines of up to a hundred bytes, every other of which ends with two.
  for (let end = 0, line = 0; end < byteLength; line++) {
    end += 1 + ((line * 37) % 89) + (line % 3);
    bytes[end] = 0x0a;
    if (line % 2 === 0) bytes[end - 1] = 0x0d;
  }
  return bytes;
}

/** A stranger's bytes: 0x80 and above. */
export function strangeData(length: number, salt: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let index = 0; index < length; index++) bytes[index] = 0x80 | ((index * 7 + salt) & 0x7f);
  return bytes;
}
