import { combineCrc64, type loadCrc64 } from '../../src/crc64.js';

type Crc64 = Awaited<ReturnType<typeof loadCrc64>>;

/** State of an object that several writers append to. */
export interface SharedAccount {
  readonly byteLength: number;
  readonly lines: number;

  /** Appends that were stored, and those whose position was refused. */
  readonly appends: number;
  readonly refusals: number;

  /** What is wrong with the first line that is. */
  readonly mismatch: string | undefined;
}

/** Line `number` of a writer, of so many bytes with its line feed. */
export function sharedLine(writer: number, number: number, byteLength: number): string {
  return `${`writer ${writer}, line ${number} `.padEnd(byteLength - 1, '.')}\n`;
}

/**
 * An object that keeps no bytes. Nobody knows in which order several writers append, but each line
 * names its writer and its number: every chunk must be whole lines, and those of a writer must follow
 * each other.
 */
export class SharedObject {
  readonly #crc64: Crc64;
  readonly #lineLength: number;

  /** Number of the next line, by writer. */
  readonly #next = new Map<number, number>();
  #mismatch: string | undefined;
  #appends = 0;
  #refusals = 0;
  length = 0;
  crc64 = 0n;

  constructor(crc64: Crc64, lineLength: number) {
    this.#crc64 = crc64;
    this.#lineLength = lineLength;
  }

  get account(): SharedAccount {
    return {
      byteLength: this.length,
      lines: [...this.#next.values()].reduce((sum, next) => sum + next, 0),
      appends: this.#appends,
      refusals: this.#refusals,
      mismatch: this.#mismatch,
    };
  }

  /** Appends a chunk if `position` is the length; returns whether it was. */
  append(position: number, chunk: Buffer): boolean {
    if (position !== this.length) {
      this.#refusals++;
      return false;
    }
    this.#appends++;
    this.#mismatch ??= this.#findMismatch(String(chunk));
    this.length += chunk.byteLength;
    this.crc64 = combineCrc64(this.crc64, this.#crc64(chunk), chunk.byteLength);
    return true;
  }

  #findMismatch(chunk: string): string | undefined {
    for (let start = 0; start < chunk.length; start += this.#lineLength) {
      const line = chunk.slice(start, start + this.#lineLength);
      const writer = Number(/^writer (\d+),/.exec(line)?.[1]);
      const next = this.#next.get(writer) ?? 0;
      if (line !== sharedLine(writer, next, this.#lineLength)) {
        return `${JSON.stringify(line.slice(0, 40))} at ${this.length + start}, instead of line ${next}`;
      }
      this.#next.set(writer, next + 1);
    }
    return undefined;
  }
}
