import { type Crc64, combineCrc64 } from '../../src/crc64.js';

/** Most bytes that one comparison covers. */
const stride = 256 * 1024;

/** Most bytes whose checksum is still to compute while a client waits. */
const step = 1024;

/**
 * Bytes known in advance, because they repeat a period: the store compares them instead of keeping
 * them, and derives the checksum of any length from that of one period. Both cost a fraction of a
 * checksum of every byte, so that a benchmark measures its client.
 */
export class ExpectedBytes {
  readonly #crc64: Crc64;
  readonly #period: Buffer;

  /** The repeated period, so that a piece that wraps around needs only one comparison. */
  readonly #repeated: Buffer;

  /** Checksums of the first 0, 1, 2, ... steps of the period. */
  readonly #starts: bigint[];

  /** Checksums of 1, 2, 4, 8, ... periods. */
  readonly #doubles: bigint[];

  constructor(period: Buffer, crc64: Crc64) {
    this.#crc64 = crc64;
    this.#period = period;
    const times = 1 + Math.ceil(stride / period.byteLength);
    this.#repeated = Buffer.concat(Array.from({ length: times }, () => period));
    this.#starts = [0n];
    for (let start = 0; start + step <= period.byteLength; start += step) {
      const piece = crc64(period.subarray(start, start + step));
      this.#starts.push(combineCrc64(this.#starts.at(-1) as bigint, piece, step));
    }
    this.#doubles = [crc64(period)];
  }

  /** Position of the first of `bytes`, at `position`, that is wrong. */
  findMismatch(bytes: Buffer, position: number): number | undefined {
    for (let start = 0; start < bytes.byteLength; start += stride) {
      const piece = bytes.subarray(start, start + stride);
      const offset = (position + start) % this.#period.byteLength;
      const expected = this.#repeated.subarray(offset, offset + piece.byteLength);
      if (piece.equals(expected)) continue;
      return position + start + piece.findIndex((byte, index) => byte !== expected[index]);
    }
    return undefined;
  }

  /** The bytes from `start` up to, but not including, `end`, in pieces that share memory. */
  *slices(start: number, end: number): Generator<Buffer> {
    for (let position = start; position < end; ) {
      const offset = position % this.#period.byteLength;
      const piece = this.#repeated.subarray(offset, offset + Math.min(stride, end - position));
      yield piece;
      position += piece.byteLength;
    }
  }

  /** Checksum of the first `length` bytes. */
  crc64(length: number): bigint {
    const { byteLength } = this.#period;
    let crc64 = 0n;
    for (let bit = 0, rest = Math.floor(length / byteLength); rest > 0; bit++) {
      if (rest % 2 === 1) crc64 = combineCrc64(crc64, this.#double(bit), byteLength * 2 ** bit);
      rest = Math.floor(rest / 2);
    }
    const steps = Math.floor((length % byteLength) / step);
    crc64 = combineCrc64(crc64, this.#starts[steps] as bigint, steps * step);
    const tail = this.#period.subarray(steps * step, length % byteLength);
    return combineCrc64(crc64, this.#crc64(tail), tail.byteLength);
  }

  #double(bit: number): bigint {
    while (this.#doubles.length <= bit) {
      const last = this.#doubles.at(-1) as bigint;
      const byteLength = this.#period.byteLength * 2 ** (this.#doubles.length - 1);
      this.#doubles.push(combineCrc64(last, last, byteLength));
    }
    return this.#doubles[bit] as bigint;
  }
}
