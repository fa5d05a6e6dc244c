import { loadCrc64 } from '../../src/crc64.js';
import { ExpectedBytes } from '../../test/comparing-store/expected-bytes.js';
import { makeSource, type SourceSetting } from './source.js';

/** Compares what a contender reads with what the store has. */
export class ReadCheck {
  readonly #expected: ExpectedBytes;
  #byteLength = 0;

  static async of(setting: SourceSetting): Promise<ReadCheck> {
    return new ReadCheck(new ExpectedBytes(makeSource(setting).period, await loadCrc64()));
  }

  private constructor(expected: ExpectedBytes) {
    this.#expected = expected;
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  /** @throws {Error} If these are not the next bytes. */
  take(bytes: Uint8Array): void {
    const { buffer, byteOffset, byteLength } = bytes;
    const found = Buffer.from(buffer, byteOffset, byteLength);
    const at = this.#expected.findMismatch(found, this.#byteLength);
    if (at !== undefined) throw new Error(`Cannot trust this run: byte ${at} is wrong`);
    this.#byteLength += byteLength;
  }
}
