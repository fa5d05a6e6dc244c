import hashWasm from 'hash-wasm/dist/crc64.umd.min.js';

/** Computes the CRC-64/XZ (the one OSS returns) of `bytes`. */
export type Crc64 = (bytes: Uint8Array) => bigint;

let loading: Promise<Crc64> | undefined;

/** Loads the WebAssembly once per process and resolves with the checksum function. */
export function loadCrc64(): Promise<Crc64> {
  loading ??= hashWasm.createCRC64().then((hasher) => (bytes) => {
    const digest = hasher.init().update(bytes).digest('binary');
    return new DataView(digest.buffer, digest.byteOffset, digest.byteLength).getBigUint64(0);
  });
  return loading;
}

// x^64 + …, bit-reversed: the polynomial of CRC-64/XZ. In two halves: a Number holds 53 bits.
const polynomialHigh = 0xc96c5795;
const polynomialLow = 0xd7870f42;

/**
 * Computes the CRC-64/XZ of two concatenated byte runs from their checksums.
 *
 * @param first Checksum of the first run.
 * @param second Checksum of the second run.
 * @param secondLength Bytes in the second run.
 */
export function combineCrc64(first: bigint, second: bigint, secondLength: number): bigint {
  // Appending n bytes multiplies the first checksum by x^(8n) modulo the polynomial; the initial
  // and the final inversion of CRC-64/XZ cancel out.
  const [high, low] = multiplyByPowerOfX(
    Number(first >> 32n),
    Number(first & 0xffffffffn),
    secondLength,
  );
  return ((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)) ^ second;
}

/** The CRC-64/XZ of bytes that come piece by piece. */
export class RunningCrc64 {
  readonly #checksum: Crc64;
  #value = 0n;

  constructor(checksum: Crc64) {
    this.#checksum = checksum;
  }

  /** Checksum of the pieces so far. */
  get value(): bigint {
    return this.#value;
  }

  add(piece: Uint8Array): void {
    this.#value = combineCrc64(this.#value, this.#checksum(piece), piece.byteLength);
  }
}

type Halves = readonly [high: number, low: number];

/** `x^(8 * 2^i)` modulo the polynomial, for every bit `i` of a length; filled on first use. */
const powers: Halves[] = [];

function powerOfX(bit: number): Halves {
  if (powers.length === 0) powers.push([0x00800000, 0]); // x^8, bit-reversed
  while (powers.length <= bit) {
    const last = powers[powers.length - 1] as Halves;
    powers.push(multiply(last[0], last[1], last[0], last[1]));
  }
  return powers[bit] as Halves;
}

function multiplyByPowerOfX(high: number, low: number, byteLength: number): Halves {
  let product: Halves = [high, low];
  for (let bit = 0, rest = byteLength; rest > 0; bit++, rest = Math.floor(rest / 2)) {
    if (rest % 2 === 0) continue;
    const [powerHigh, powerLow] = powerOfX(bit);
    product = multiply(powerHigh, powerLow, product[0], product[1]);
  }
  return product;
}

/** Carry-less product of two reflected polynomials, modulo the polynomial of CRC-64/XZ. */
function multiply(aHigh: number, aLow: number, bHigh: number, bLow: number): Halves {
  let high = 0;
  let low = 0;
  for (let bit = 63; bit >= 0; bit--) {
    const half = bit >= 32 ? aHigh : aLow;
    if ((half >>> (bit & 31)) & 1) {
      high ^= bHigh;
      low ^= bLow;
    }
    const carry = bLow & 1;
    bLow = (bLow >>> 1) | ((bHigh & 1) << 31);
    bHigh >>>= 1;
    if (carry) {
      bHigh ^= polynomialHigh;
      bLow ^= polynomialLow;
    }
  }
  return [high, low];
}
