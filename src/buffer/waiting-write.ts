/** A write that did not fit as a whole. */
export interface WaitingWrite {
  /** Offset of its first byte. */
  readonly start: number;

  /** Its length as Node counts it: bytes, or UTF-16 units of a string. */
  readonly length: number;
  readonly callback: (error?: Error | null) => void;

  /** Whether it must not be divided between objects. */
  readonly isWhole: boolean;
  rest: Uint8Array;
}
