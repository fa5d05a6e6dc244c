/** Bytes that were written and are not sent yet, for contenders without a stream. */
export class Backlog {
  readonly #pieces: Buffer[] = [];
  #byteLength = 0;

  get byteLength(): number {
    return this.#byteLength;
  }

  add(data: Buffer | string): void {
    const piece = Buffer.from(data);
    this.#pieces.push(piece);
    this.#byteLength += piece.byteLength;
  }

  /** Removes and returns the oldest `byteLength` bytes; there must be as many. */
  take(byteLength: number): Buffer {
    const taken: Buffer[] = [];
    let missing = byteLength;
    let whole = 0;
    for (const piece of this.#pieces) {
      if (piece.byteLength > missing) break;
      taken.push(piece);
      missing -= piece.byteLength;
      whole++;
    }
    this.#pieces.splice(0, whole);
    const [torn] = this.#pieces;
    if (missing > 0 && torn !== undefined) {
      taken.push(torn.subarray(0, missing));
      this.#pieces[0] = torn.subarray(missing);
    }
    this.#byteLength -= byteLength;
    return Buffer.concat(taken);
  }
}
