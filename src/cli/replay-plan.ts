/** Most bytes in one append of a replay: a replay that was killed ended at a multiple of it. */
export const replayChunkSize = 4 * 2 ** 20;

/** Bytes that are to be in an object, and what is known of where. */
export interface Claim {
  /** Where the first of them belongs; `undefined` when they have no place yet. */
  readonly position: number | undefined;
  readonly byteLength: number;

  /** Bytes at the head that may be in the object all the same: all of them at `position`, or none. */
  readonly doubtful: number;
}

export type ReplayPlan =
  /** Append those from `start` on at `position`; a move when that is not where they belonged. */
  | {
      readonly action: 'append';
      readonly position: number;
      readonly start: number;
      readonly isMove: boolean;
    }
  | { readonly action: 'nothing' }
  | { readonly action: 'refuse'; readonly reason: 'shorter' | 'conflict' };

/** How many bytes from `position` on to compare in an object of `length` bytes. */
export function comparableLength({ position, byteLength }: Claim, length: number): number {
  return position === undefined ? 0 : Math.max(0, Math.min(length - position, byteLength));
}

/**
 * Decides what to append to an object of `length` bytes.
 *
 * @param matching How many of the comparable bytes are ours, from the first on.
 * @param conflict What to do where somebody else has appended since.
 */
export function planReplay(
  claim: Claim,
  length: number,
  matching: number,
  conflict: 'fail' | 'rebase',
): ReplayPlan {
  const { position, byteLength, doubtful } = claim;
  if (position === undefined) return { action: 'append', position: length, start: 0, isMove: true };
  if (length < position) return { action: 'refuse', reason: 'shorter' };
  if (matching === byteLength) return { action: 'nothing' };
  if (matching === comparableLength(claim, length)) {
    return { action: 'append', position: length, start: matching, isMove: false };
  }
  if (conflict === 'fail') return { action: 'refuse', reason: 'conflict' };
  // What is still under way can no longer land: the object is longer than its position.
  return {
    action: 'append',
    position: length,
    start: landedLength(matching, doubtful),
    isMove: true,
  };
}

/**
 * How many of the bytes that match are ours, and not a stranger's that begin alike: whole chunks,
 * those of earlier replays and the doubtful one.
 */
function landedLength(matching: number, doubtful: number): number {
  const chunksFrom = (start: number) =>
    start + Math.floor((matching - start) / replayChunkSize) * replayChunkSize;
  return Math.max(chunksFrom(0), matching < doubtful ? 0 : chunksFrom(doubtful));
}
