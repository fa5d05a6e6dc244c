/**
 * The body of a request: read from the caller's memory, as a socket does, until the caller knows
 * the outcome, and from a copy afterwards.
 */
export class Parcel {
  #bytes: Uint8Array;
  #isCopy = false;

  constructor(body: Uint8Array) {
    this.#bytes = body;
  }

  get length(): number {
    return this.#bytes.length;
  }

  /** Copies the first `length` bytes as they are at this moment. */
  read(length = this.length): Buffer {
    return Buffer.from(this.#bytes.subarray(0, length));
  }

  /** Called when the caller knows the outcome and may reuse the memory. */
  settle(): void {
    if (!this.#isCopy) this.#bytes = this.read();
    this.#isCopy = true;
  }
}
