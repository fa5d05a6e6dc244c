import { type Crc64, combineCrc64 } from '../../crc64.js';
import type { AppendReceipt } from '../append-client.js';
import type { AppendTarget } from '../append-target.js';

/**
 * Doubt about the failed attempts on a chunk, from the least to the most:
 * - `none`: certainly none of their bytes are in the object
 * - `conflict`: the store refused the position, so bytes have landed, ours or another writer's
 * - `unknown`: the store answered without saying whether it stored the bytes
 * - `unanswered`: an attempt got no answer, and may still land at any later time; or the store
 *   contradicted its answer
 */
export type Doubt = 'none' | 'conflict' | 'unknown' | 'unanswered';

const doubts: readonly Doubt[] = ['none', 'conflict', 'unknown', 'unanswered'];

/**
 * A chunk from its first attempt on, and the object that it is appended to.
 *
 * Its bytes and position stay the same until it is settled, so that two attempts can never both
 * land. Only committed bytes are removed, from the front.
 */
export class FrozenChunk {
  readonly #crc64: Crc64;
  #target: AppendTarget;
  #bytes: Buffer;
  #doubt: Doubt = 'none';

  /** Whether the bytes before the chunk are other writers', and their checksum is not known. */
  #isMoved = false;

  /** The store refused the position because of a length that no probe has seen yet. */
  #isLengthDue = false;

  /** Checksum of `#bytes`, once computed. */
  #checksum: bigint | undefined;

  constructor(target: AppendTarget, bytes: Buffer, crc64: Crc64) {
    this.#target = target;
    this.#bytes = bytes;
    this.#crc64 = crc64;
  }

  /** The object before the chunk. */
  get target(): AppendTarget {
    return this.#target;
  }

  /** The bytes that are not known to be committed. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  get doubt(): Doubt {
    return this.#doubt;
  }

  /** Whether a failed attempt may have landed, or may still land. */
  get mayHaveLanded(): boolean {
    return this.#doubt !== 'none';
  }

  /** Whether an attempt may have landed although the store never confirmed it. */
  get isUnconfirmed(): boolean {
    return this.#doubt === 'unknown' || this.#doubt === 'unanswered';
  }

  raiseDoubt(doubt: Doubt): void {
    if (doubts.indexOf(doubt) > doubts.indexOf(this.#doubt)) this.#doubt = doubt;
  }

  /** The store refused the position, because the object is `actualLength` bytes long. */
  conflicted(actualLength: number | undefined): void {
    this.raiseDoubt('conflict');
    if (actualLength !== this.#target.position) this.#isLengthDue = true;
  }

  /** The object holds no bytes of the chunk yet. An unanswered attempt may still land. */
  notCommitted(target: AppendTarget): void {
    this.#target = target;
    // The 409 and the probe disagree: the write behind the 409 may still appear.
    if (this.#isLengthDue) this.raiseDoubt('unanswered');
    if (this.#doubt !== 'unanswered') this.#doubt = 'none';
  }

  /**
   * The object holds another writer's bytes: they explain why the store refused the position.
   *
   * @param isAbsent Whether the bytes at the position were read, and are not those of the chunk.
   */
  diverged(isAbsent = false): void {
    if (this.#doubt === 'conflict' || isAbsent) this.#doubt = 'none';
  }

  /** Whether the chunk has left the place of its first attempt. */
  get isMoved(): boolean {
    return this.#isMoved;
  }

  /** Others have appended, and no earlier attempt has landed or can land: the chunk goes to `target`. */
  rebase(target: AppendTarget): void {
    this.#target = target;
    this.#isMoved = true;
    this.#doubt = 'none';
    this.#isLengthDue = false;
  }

  /** The object was sealed before the chunk landed, and so will never take it. */
  refusedForGood(): void {
    this.#doubt = 'none';
  }

  /** The first `byteLength` bytes are in the object, so no earlier attempt can land any more. */
  committed(byteLength: number, crc64: bigint | undefined): void {
    this.#target = {
      key: this.#target.key,
      position: this.#target.position + byteLength,
      crc64,
      exists: true,
    };
    this.#bytes = this.#bytes.subarray(byteLength);
    this.#doubt = 'none';
    this.#isLengthDue = false;
    this.#isMoved = false;
    this.#checksum = undefined;
  }

  /** Checksum of the bytes, computed once. */
  checksum(): bigint {
    this.#checksum ??= this.#crc64(this.#bytes);
    return this.#checksum;
  }

  /** Checksum of the object after the chunk; `undefined` if the one before it is unknown. */
  crc64After(): bigint | undefined {
    const { crc64 } = this.#target;
    return crc64 === undefined
      ? undefined
      : combineCrc64(crc64, this.checksum(), this.#bytes.byteLength);
  }

  /** Whether `receipt` names the position after the chunk. */
  isAcceptedBy(receipt: AppendReceipt | undefined): boolean {
    return receipt?.nextPosition === this.#target.position + this.#bytes.byteLength;
  }
}
