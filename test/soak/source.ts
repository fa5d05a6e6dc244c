import { createCipheriv } from 'node:crypto';

/** A prime, so that the bytes of a stream never repeat at a multiple of the chunk size. */
const period = 2 ** 23 - 15;

const block = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(
  Buffer.alloc(period),
);

/** The bytes of one object: an endless sequence that its number determines. */
export class Source {
  readonly #start: number;

  constructor(number: number) {
    this.#start = number * 104_729;
  }

  /** The result must not be changed: it may be memory that all sources share. */
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

  /** Length of the prefix of `object` that equals the source. */
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

  /** Offset of `bytes` in the first `length` bytes of the source; -1 if they are not there. */
  indexOf(bytes: Uint8Array, length: number): number {
    return bytes.byteLength === 0 ? -1 : this.bytes(0, length).indexOf(bytes);
  }
}
