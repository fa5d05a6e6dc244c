import { type Crc64, combineCrc64 } from '../crc64.js';
import type { AppendReceipt } from './append-client.js';
import type { ConfirmedObject } from './open-object.js';

/**
 * How much is known about the attempts on a chunk that have failed, from the least doubt to the most:
 * - `none`: certainly nothing of them is in the object
 * - `conflict`: the store refused the position, so something has landed, and nobody knows whose
 * - `unknown`: the store answered without saying whether it stored the bytes
 * - `unanswered`: an attempt got no answer, and may still land at any later time; or one did, and
 *   the store takes back what it said
 */
export type Doubt = 'none' | 'conflict' | 'unknown' | 'unanswered';

const doubts: readonly Doubt[] = ['none', 'conflict', 'unknown', 'unanswered'];

/**
 * A chunk from its first attempt on, and the object that it is appended to.
 *
 * The same bytes at the same position until they are settled: then two attempts can never both
 * land. Only what has been committed comes off, at the front.
 */
export class FrozenChunk {
  readonly #crc64: Crc64;
  #object: ConfirmedObject;
  #bytes: Buffer;
  #doubt: Doubt = 'none';

  /** The store refused the position for a length that the object has yet to show. */
  #isLengthDue = false;

  /** Checksum of `#bytes`, once somebody asked for it. */
  #checksum: bigint | undefined;

  constructor(object: ConfirmedObject, bytes: Buffer, crc64: Crc64) {
    this.#object = object;
    this.#bytes = bytes;
    this.#crc64 = crc64;
  }

  /** The object before the chunk. */
  get object(): ConfirmedObject {
    return this.#object;
  }

  /** What is not known to be committed. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  get doubt(): Doubt {
    return this.#doubt;
  }

  /** Whether a failed attempt may have put the bytes into the object, or may still do so. */
  get mayHaveLanded(): boolean {
    return this.#doubt !== 'none';
  }

  raiseDoubt(doubt: Doubt): void {
    if (doubts.indexOf(doubt) > doubts.indexOf(this.#doubt)) this.#doubt = doubt;
  }

  /** The store refused the position, because the object is `actualLength` bytes long. */
  conflicted(actualLength: number | undefined): void {
    this.raiseDoubt('conflict');
    if (actualLength !== this.#object.position) this.#isLengthDue = true;
  }

  /** The object holds nothing of the chunk yet. What is still under way may land all the same. */
  notCommitted(object: ConfirmedObject): void {
    this.#object = object;
    // A store that says two things: what it refused the position for may show up yet.
    if (this.#isLengthDue) this.raiseDoubt('unanswered');
    if (this.#doubt !== 'unanswered') this.#doubt = 'none';
  }

  /** The object holds what is not ours: that is what the store refused the position for. */
  diverged(): void {
    if (this.#doubt === 'conflict') this.#doubt = 'none';
  }

  /** The first `byteLength` bytes are in the object, so nothing older can land any more. */
  committed(byteLength: number, crc64: bigint | undefined): void {
    this.#object = { position: this.#object.position + byteLength, crc64, exists: true };
    this.#bytes = this.#bytes.subarray(byteLength);
    this.#doubt = 'none';
    this.#isLengthDue = false;
    this.#checksum = undefined;
  }

  /** Checksum of the bytes, computed once. */
  checksum(): bigint {
    this.#checksum ??= this.#crc64(this.#bytes);
    return this.#checksum;
  }

  /** Checksum of the object after the chunk; `undefined` where that before it is unknown. */
  crc64After(): bigint | undefined {
    const { crc64 } = this.#object;
    return crc64 === undefined
      ? undefined
      : combineCrc64(crc64, this.checksum(), this.#bytes.byteLength);
  }

  /** Whether `receipt` names the position behind the chunk. */
  isAcceptedBy(receipt: AppendReceipt | undefined): boolean {
    return receipt?.nextPosition === this.#object.position + this.#bytes.byteLength;
  }
}
