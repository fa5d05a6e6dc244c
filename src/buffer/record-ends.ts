const noBytes = Buffer.alloc(0);

/**
 * Finds where records end in a stream that is cut into chunks.
 *
 * A record ends with its delimiter. Without a delimiter each byte is a record: every place is an end.
 */
export class RecordEnds {
  readonly #delimiter: Uint8Array;

  /** The last bytes cut off, fewer than the delimiter has: it may have begun in them. */
  #tail: Buffer = noBytes;
  #isWithinRecord = false;

  /** End of the last record in the first `#searched` bytes behind the cut; 0 if none ends there. */
  #recordsEnd = 0;
  #searched = 0;

  constructor(delimiter: Uint8Array = noBytes) {
    this.#delimiter = delimiter;
  }

  /**
   * End of the last record in `bytes`, which follow the bytes cut off; 0 if no record ends there.
   *
   * @param searched How many of the bytes have been searched before, in vain.
   */
  lastEnd(bytes: Buffer, searched = 0): number {
    const { byteLength } = this.#delimiter;
    if (byteLength === 0) return bytes.byteLength;
    const start = Math.max(0, searched - byteLength + 1);
    const found = bytes.subarray(start).lastIndexOf(this.#delimiter);
    if (found !== -1) return start + found + byteLength;
    if (this.#tail.byteLength === 0) return 0;
    // It may have begun before the cut.
    const seam = Buffer.concat([this.#tail, bytes.subarray(0, byteLength - 1)]);
    const begun = seam.lastIndexOf(this.#delimiter);
    return begun === -1 ? 0 : begun + byteLength - this.#tail.byteLength;
  }

  /**
   * As {@link lastEnd}, for bytes of which some may have been passed before since the last cut: searches
   * each byte once.
   */
  nextEnd(bytes: Buffer): number {
    if (this.#searched < bytes.byteLength) {
      this.#recordsEnd = Math.max(this.#recordsEnd, this.lastEnd(bytes, this.#searched));
      this.#searched = bytes.byteLength;
    }
    return this.#recordsEnd;
  }

  /** Whether the bytes cut off end within a record. */
  get isWithinRecord(): boolean {
    return this.#isWithinRecord;
  }

  /**
   * End in `bytes` of the record that has begun in the bytes before them; `undefined` if it does not
   * end there.
   *
   * @param held The bytes between those cut off and `bytes`; the last of them suffice.
   */
  firstEnd(bytes: Uint8Array, held: Buffer): number | undefined {
    const { byteLength } = this.#delimiter;
    if (byteLength === 0) return 0;
    const most = byteLength - 1;
    const before = Buffer.concat([this.#tail, held]);
    const begun = before.subarray(Math.max(0, before.byteLength - most));
    const seam = Buffer.concat([begun, bytes.subarray(0, most)]).indexOf(this.#delimiter);
    if (seam !== -1) return seam + byteLength - begun.byteLength;
    const { buffer, byteOffset } = bytes;
    const found = Buffer.from(buffer, byteOffset, bytes.byteLength).indexOf(this.#delimiter);
    return found === -1 ? undefined : found + byteLength;
  }

  /** Notes that `bytes` have been cut off. */
  cutOff(bytes: Buffer): void {
    this.#recordsEnd = 0;
    this.#searched = 0;
    const { byteLength } = this.#delimiter;
    if (byteLength === 0 || bytes.byteLength === 0) return;
    // Enough to see a delimiter at the end, and what may be the beginning of the next.
    const last = bytes.subarray(-byteLength);
    const end = Buffer.concat([this.#tail, last]).subarray(-byteLength);
    const most = byteLength - 1;
    this.#isWithinRecord = !end.equals(this.#delimiter);
    this.#tail = this.#isWithinRecord ? end.subarray(Math.max(0, end.byteLength - most)) : noBytes;
  }
}
