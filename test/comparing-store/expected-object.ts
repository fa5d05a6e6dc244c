import type { ExpectedBytes } from './expected-bytes.js';

/** What a store does with the objects that it expects. */
export interface Expectation {
  /** The bytes that each object repeats from its first to its last. */
  readonly period: Buffer;

  /** Milliseconds the store sleeps before it answers an append. */
  readonly delay: number;

  /** How many of them, called as `keysOf()` says; one without it, called by the key itself. */
  readonly objects?: number | undefined;
}

/** What has become of an object, or of several taken together. */
export interface ObjectAccount {
  readonly byteLength: number;

  /** Position of the first byte that is not what was expected. */
  readonly mismatchAt: number | undefined;
  readonly appends: number;

  /** Requests of any kind that named it. */
  readonly requests: number;
}

/** An object whose bytes are compared with what is expected, rather than kept. */
export class ExpectedObject {
  readonly delay: number;
  length = 0;
  appends = 0;
  requests = 0;
  readonly #bytes: ExpectedBytes;
  #mismatchAt: number | undefined;

  /** @param bytes May be shared by many objects. */
  constructor(bytes: ExpectedBytes, delay: number) {
    this.#bytes = bytes;
    this.delay = delay;
  }

  get account(): ObjectAccount {
    const { appends, requests } = this;
    return { byteLength: this.length, mismatchAt: this.#mismatchAt, appends, requests };
  }

  /** Takes the next bytes. */
  add(bytes: Buffer): void {
    this.#mismatchAt ??= this.#bytes.findMismatch(bytes, this.length);
    this.length += bytes.byteLength;
  }

  /** Checksum of an object of this length, if its bytes are as expected. */
  get crc64(): bigint {
    return this.#bytes.crc64(this.length);
  }
}
