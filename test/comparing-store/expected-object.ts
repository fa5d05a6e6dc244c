import type { ExpectedBytes } from './expected-bytes.js';

/** Objects that a store expects, and its delay. */
export interface Expectation {
  /** The bytes that each object repeats from its first to its last. */
  readonly period: Buffer;

  /** Milliseconds the store sleeps before it answers an append. */
  readonly delay: number;

  /** Number of objects, with the keys of `keysOf()`. Default: one object with the key itself. */
  readonly objects?: number | undefined;

  /** An object to be read. Default: there is none before the first append. */
  readonly stored?: StoredObject | undefined;
}

/** An object whose bytes are there before anybody appends. */
export interface StoredObject {
  readonly byteLength: number;

  /** Bytes by which it grows with each HEAD, until it is sealed. Default: it is there as a whole. */
  readonly step?: number | undefined;

  /** Whether it is a Normal object, with the key of `sourceOf()`. */
  readonly isNormal?: boolean | undefined;
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
  length: number;
  appends = 0;
  requests = 0;
  readonly #bytes: ExpectedBytes;
  readonly #stored: StoredObject | undefined;
  #mismatchAt: number | undefined;

  /** @param bytes May be shared by many objects. */
  constructor(bytes: ExpectedBytes, delay: number, stored?: StoredObject) {
    this.#bytes = bytes;
    this.delay = delay;
    this.#stored = stored;
    const { byteLength = 0, step = byteLength } = stored ?? {};
    this.length = Math.min(step, byteLength);
  }

  get type(): 'Normal' | 'Appendable' {
    return this.#stored?.isNormal ? 'Normal' : 'Appendable';
  }

  /** Whether it is there to be read. */
  get isStored(): boolean {
    return this.#stored !== undefined;
  }

  /** Whether it grows no more. */
  get isSealed(): boolean {
    const { step, byteLength } = this.#stored ?? {};
    return step !== undefined && this.length === byteLength;
  }

  /** Grows by a step, if it does so. */
  grow(): void {
    const { step = 0, byteLength = 0 } = this.#stored ?? {};
    this.length = Math.max(this.length, Math.min(this.length + step, byteLength));
  }

  /** The bytes from `start` up to, but not including, `end`. */
  read(start: number, end: number): Iterable<Buffer> {
    return this.#bytes.slices(start, end);
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
