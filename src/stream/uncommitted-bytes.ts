/** What a stream that failed or was destroyed hands back. */
export interface UncommittedBytes {
  readonly key: string;

  /** Where the first of the bytes belongs; `undefined` when the object was never opened. */
  readonly position: number | undefined;

  /** All bytes that are not known to be committed, in order. */
  readonly bytes: Buffer;

  /** `false` when the first of them may be in the object all the same, or may still get there. */
  readonly confirmed: boolean;

  /**
   * How many of the first bytes that is: those of the chunk that was in flight, which lie at
   * `position` as a whole, or nowhere. 0 where `confirmed`.
   */
  readonly doubtful: number;
}
