import { type Crc64, combineCrc64 } from '../../crc64.js';

/** Bytes on their way into an object: they come in pieces, and need not be joined. */
export interface Content {
  readonly pieces: readonly Uint8Array[];
  readonly byteLength: number;

  /** CRC-64 of the pieces put together. */
  readonly crc64: bigint;
}

/** @param pieces Bytes that will not change any more. */
export function contentOf(pieces: Iterable<Uint8Array>, crc64: Crc64): Content {
  const builder = new ContentBuilder(crc64);
  for (const piece of pieces) builder.push(piece);
  return builder.finish();
}

/** Gathers pieces and rolls their CRC-64 forward, with one look at each byte. */
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
