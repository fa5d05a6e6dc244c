import { type Crc64, combineCrc64 } from '../../crc64.js';
import type { ReadRequests } from '../read-requests.js';
import { decidePoll, type Growth } from './decide-poll.js';
import { divergedError, type ReadProgress, unprovedError } from './read-errors.js';

/** Bytes that are held back until they are proved; a longer stretch is passed on as it comes. */
export const proveLimit = 16 * 2 ** 20;

export interface ObjectTailOptions {
  readonly checksum: Crc64;

  /** Position of the first byte to read. */
  readonly start?: number;

  /** Position after the last one. */
  readonly end?: number;

  /** Whether the object has been seen before. */
  readonly exists?: boolean;

  /** Maximum bytes that are held back until they are proved. */
  readonly proveLimit?: number;
}

/**
 * Reads one object while it grows, and proves that it only grows: the checksum of what was read,
 * combined with that of what is new, must be the one that the store reports.
 *
 * It decides nothing about when to ask the store.
 */
export class ObjectTail {
  readonly key: string;
  readonly #requests: ReadRequests;
  readonly #checksum: Crc64;
  readonly #end: number;
  readonly #proveLimit: number;

  #position: number;

  /** CRC-64 of the object up to `#position`; unknown where its beginning was not read. */
  #crc64: bigint | undefined;
  #provedTo: number;

  /** Whether bytes were read behind an unknown checksum: nothing that comes later proves them. */
  #hasGap = false;
  #exists: boolean;
  #isLeft = false;

  /** Length beyond which the object does not grow. */
  #finalLength = Number.POSITIVE_INFINITY;

  constructor(key: string, requests: ReadRequests, options: ObjectTailOptions) {
    const { checksum, start = 0, end = Number.POSITIVE_INFINITY } = options;
    this.key = key;
    this.#requests = requests;
    this.#checksum = checksum;
    this.#position = start;
    this.#crc64 = start === 0 ? 0n : undefined;
    this.#provedTo = start;
    this.#exists = options.exists ?? false;
    this.#end = end;
    this.#proveLimit = options.proveLimit ?? proveLimit;
  }

  /** Position of the next byte. */
  get position(): number {
    return this.#position;
  }

  /** Whether the object has been seen. */
  get exists(): boolean {
    return this.#exists;
  }

  /** Whether there is nothing more to come. */
  get isComplete(): boolean {
    return this.#position >= Math.min(this.#end, this.#finalLength);
  }

  /** From now on the object may be deleted: it has been read as far as its writer went. */
  leave(): void {
    this.#isLeft = true;
  }

  /**
   * Asks the store what is new.
   *
   * @returns `undefined` if there is nothing.
   * @throws {DivergedError} If the object was truncated, replaced or rewritten, or is gone.
   */
  async look(): Promise<Growth | undefined> {
    if (this.isComplete) return undefined;
    const found = await this.#requests.head(this.key, this.#position);
    const decision = decidePoll(
      { position: this.#position, crc64: this.#crc64, exists: this.#exists },
      found,
    );
    if (found !== undefined) this.#exists = true;
    if (found?.sealed) this.#finalLength = found.length;
    switch (decision.outcome) {
      case 'missing':
        return undefined;
      case 'unchanged':
        if (decision.crc64 !== undefined) this.#accept(decision.crc64, this.#position);
        return undefined;
      case 'grown':
        return decision.growth;
      case 'diverged':
        if (decision.divergence !== 'gone' || !this.#isLeft) {
          throw divergedError(this.#progress, decision.divergence, found?.length);
        }
        this.#finalLength = this.#position;
        return undefined;
    }
  }

  /**
   * Reads what is new.
   *
   * @throws {DivergedError} If the bytes do not fit the checksum, or the object is shorter by now.
   */
  async *read(growth: Growth): AsyncGenerator<Uint8Array> {
    const { start, end, crc64 } = growth;
    const isWhole = end <= this.#end;
    const isProvable = isWhole && this.#crc64 !== undefined && crc64 !== undefined;
    const held: Uint8Array[] | undefined =
      isProvable && end - start <= this.#proveLimit ? [] : undefined;
    const range = {
      start,
      end: Math.min(end, this.#end),
      refuse: (length: number | undefined) =>
        divergedError(this.#progress, length === undefined ? 'gone' : 'shorter', length),
    };
    this.#hasGap ||= this.#crc64 === undefined;
    // One loop, because each generator on the way costs time for each piece.
    for await (const piece of this.#requests.range(this.key, range)) {
      if (this.#crc64 !== undefined) {
        this.#crc64 = combineCrc64(this.#crc64, this.#checksum(piece), piece.byteLength);
      }
      if (held === undefined) yield this.#pass(piece);
      else held.push(piece);
    }
    if (isWhole) this.#prove(growth);
    for (const piece of held ?? []) yield this.#pass(piece);
  }

  #pass(piece: Uint8Array): Uint8Array {
    this.#position += piece.byteLength;
    return piece;
  }

  /** Compares the checksums behind a stretch that has been read, as far as they are known. */
  #prove(growth: Growth): void {
    const { end, crc64 } = growth;
    if (crc64 === undefined) return;
    if (this.#crc64 !== undefined && this.#crc64 !== crc64) {
      throw unprovedError(this.#progress, growth);
    }
    this.#accept(crc64, end);
  }

  /** Takes the checksum of the object up to `end`, which is that of what was read, if that is known. */
  #accept(crc64: bigint, end: number): void {
    this.#crc64 = crc64;
    if (!this.#hasGap) this.#provedTo = end;
  }

  get #progress(): ReadProgress {
    return { key: this.key, position: this.#position, provedTo: this.#provedTo };
  }
}
