/**
 * The body of a request: read from the caller's own memory, as a socket does, until he has been
 * told how it ended, and from a copy afterwards.
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

  /** The caller has been told, and may do with his memory what he likes. */
  settle(): void {
    if (!this.#isCopy) this.#bytes = this.read();
    this.#isCopy = true;
  }
}
