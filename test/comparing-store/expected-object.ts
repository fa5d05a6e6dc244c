import type { ExpectedBytes } from './expected-bytes.js';

/** Objects that a store expects, and its delay. */
export interface Expectation {
  /** The bytes that each object repeats from its first to its last. */
  readonly period: Buffer;

  /** Milliseconds the store sleeps before it answers an append. */
  readonly delay: number;

  /** Number of objects, with the keys of `keysOf()`. Default: one object with the key itself. */
  readonly objects?: number | undefined;
}

/** The state of an object, or of several together. */
export interface ObjectAccount {
  readonly byteLength: number;

  /** Position of the first byte that differs from the expected one. */
  readonly mismatchAt: number | undefined;
  readonly appends: number;

  /** Requests of any kind that named it. */
  readonly requests: number;
}

/** An object that compares its bytes with the expected ones instead of keeping them. */
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

  /** Compares the next bytes. */
  add(bytes: Buffer): void {
    this.#mismatchAt ??= this.#bytes.findMismatch(bytes, this.length);
    this.length += bytes.byteLength;
  }

  /** Checksum of an object of this length, provided that its bytes are the expected ones. */
  get crc64(): bigint {
    return this.#bytes.crc64(this.length);
  }
}
