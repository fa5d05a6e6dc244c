/** What a stream that failed or was destroyed hands back. */
export interface UncommittedBytes {
  readonly key: string;

  /** Where the first of the bytes belongs; `undefined` when the object was never opened. */
  readonly position: number | undefined;

  /** All bytes that are not known to be committed, in order. */
  readonly bytes: Buffer;

  /** `false` when the first of them may be in the object all the same, or may still get there. */
  readonly confirmed: boolean;
}

// Aside, because programs compare what they are handed back field by field.
const doubtfulLengths = new WeakMap<UncommittedBytes, number>();

/**
 * Notes how many of the first bytes may be in the object all the same: those of the chunk that was
 * in flight. They lie at `position` as a whole, or nowhere.
 */
export function noteDoubtful(uncommitted: UncommittedBytes, byteLength: number): UncommittedBytes {
  doubtfulLengths.set(uncommitted, byteLength);
  return uncommitted;
}

/** Bytes at the head that may be in the object all the same; all, where nobody has noted it. */
export function doubtfulLength(uncommitted: UncommittedBytes): number {
  if (uncommitted.confirmed) return 0;
  return doubtfulLengths.get(uncommitted) ?? uncommitted.bytes.byteLength;
}
