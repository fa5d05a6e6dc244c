/** Bytes that a failed or destroyed stream hands back. */
export interface UncommittedBytes {
  readonly key: string;

  /** Position of the first byte; `undefined` if the object was never opened. */
  readonly position: number | undefined;

  /** All bytes that are not known to be committed, in order. */
  readonly bytes: Buffer;

  /** `false` if the first of them may be in the object nevertheless, or may still land. */
  readonly confirmed: boolean;

  /**
   * Number of those first bytes: the chunk that was in flight, which lands at `position` as a whole
   * or not at all. 0 if `confirmed`.
   */
  readonly doubtful: number;
}
