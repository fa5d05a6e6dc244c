import { type Crc64, combineCrc64 } from '../../crc64.js';

/** Bytes to be written to an object, in pieces. */
export interface Content {
  readonly pieces: readonly Uint8Array[];
  readonly byteLength: number;

  /** CRC-64 of all pieces. */
  readonly crc64: bigint;
}

/** @param pieces Must not be changed afterwards. */
export function contentOf(pieces: Iterable<Uint8Array>, crc64: Crc64): Content {
  const builder = new ContentBuilder(crc64);
  for (const piece of pieces) builder.push(piece);
  return builder.finish();
}

/** Collects pieces and updates their CRC-64, reading each byte once. */
export class ContentBuilder {
  readonly #crc64: Crc64;
  readonly #pieces: Uint8Array[] = [];
  #byteLength = 0;
  #checksum = 0n;

  constructor(crc64: Crc64) {
    this.#crc64 = crc64;
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  /** Adds `piece` by reference. */
  push(piece: Uint8Array): void {
    if (piece.byteLength === 0) return;
    this.#pieces.push(piece);
    this.#byteLength += piece.byteLength;
    this.#checksum = combineCrc64(this.#checksum, this.#crc64(piece), piece.byteLength);
  }

  finish(): Content {
    return { pieces: this.#pieces, byteLength: this.#byteLength, crc64: this.#checksum };
  }
}
