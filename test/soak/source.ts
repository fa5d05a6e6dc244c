import { createCipheriv } from 'node:crypto';

/** A prime, so that what a stream carries never repeats at a distance that chunks have. */
const period = 2 ** 23 - 15;

const block = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(
  Buffer.alloc(period),
);

/** What is written to one object: bytes without end that anybody can tell from its number. */
export class Source {
  readonly #start: number;

  constructor(number: number) {
    this.#start = number * 104_729;
  }

  /** Must not be changed: it may be the memory of all sources. */
  bytes(start: number, end: number): Buffer {
    const first = (this.#start + start) % period;
    const pieces: Buffer[] = [];
    for (let at = first, rest = end - start; rest > 0; at = 0) {
      const piece = block.subarray(at, at + rest);
      pieces.push(piece);
      rest -= piece.byteLength;
    }
    const [only] = pieces;
    return pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces);
  }

  /** How many bytes at the front of `object` are those of the source. */
  matching(object: Buffer): number {
    const stride = 64 * 1024;
    for (let start = 0; start < object.byteLength; start += stride) {
      const found = object.subarray(start, start + stride);
      const expected = this.bytes(start, start + found.byteLength);
      if (found.equals(expected)) continue;
      return start + found.findIndex((byte, index) => byte !== expected[index]);
    }
    return object.byteLength;
  }

  /** Offset at which the source, in its first `length` bytes, has `bytes`; -1 if nowhere. */
  indexOf(bytes: Uint8Array, length: number): number {
    return bytes.byteLength === 0 ? -1 : this.bytes(0, length).indexOf(bytes);
  }
}
