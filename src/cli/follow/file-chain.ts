import { type Crc64, combineCrc64 } from '../../crc64.js';
import type { Generation } from './generation.js';

/** Bytes per read. */
const readSize = 2 ** 20;

/** A place in one of several files that follow each other. */
export interface ChainPlace {
  /** Index of the file. */
  readonly index: number;

  /** Offset in it; the end of a file rather than the beginning of the next one. */
  readonly offset: number;
}

/** Several files, oldest first, read as if they were one. */
export class FileChain {
  readonly generations: readonly Generation[];

  constructor(generations: readonly Generation[]) {
    this.generations = generations;
  }

  /** Finds the place after `byteLength` bytes; `undefined` if there are fewer. */
  async placeAfter(byteLength: number): Promise<ChainPlace | undefined> {
    let before = 0;
    for (const [index, generation] of this.generations.entries()) {
      const length = await generation.length();
      if (byteLength <= before + length) return { index, offset: byteLength - before };
      before += length;
    }
    return undefined;
  }

  /** Yields the first `byteLength` bytes, or fewer if the files end before. */
  async *read(byteLength: number): AsyncGenerator<Buffer> {
    let rest = byteLength;
    for (const generation of this.generations) {
      for (let offset = 0; rest > 0; ) {
        const bytes = await generation.read(offset, Math.min(rest, readSize));
        if (bytes.byteLength === 0) break;
        offset += bytes.byteLength;
        rest -= bytes.byteLength;
        yield bytes;
      }
    }
  }

  /** Resolves with the CRC-64 of the first `byteLength` bytes. */
  async checksum(byteLength: number, crc64: Crc64, signal: AbortSignal): Promise<bigint> {
    let sum = 0n;
    for await (const bytes of this.read(byteLength)) {
      signal.throwIfAborted();
      sum = combineCrc64(sum, crc64(bytes), bytes.byteLength);
    }
    return sum;
  }
}
