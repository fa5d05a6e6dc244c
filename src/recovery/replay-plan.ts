/** Most bytes in one append of a replay. */
export const replayChunkSize = 4 * 2 ** 20;

/** How a run of bytes is cut into chunks, each of which OSS appends as a whole or not at all. */
export interface Chunking {
  readonly firstChunkSize: number;

  /** Bytes of each of the others; the last one may be shorter. */
  readonly chunkSize: number;
}

/** Bytes that are to be in an object, and what is known of where. */
export interface Claim {
  /** Where the first of them belongs; `undefined` when they have no place yet. */
  readonly position: number | undefined;
  readonly byteLength: number;

  /** Bytes at the head that were sent to `position`, or are about to be, and may have landed. */
  readonly doubtful: number;

  /** The chunks of a replay that has begun; without it those that are in doubt are one. */
  readonly replay: Chunking | undefined;
}

/** Appends those from `start` on at `position`, the end of the object. */
export interface AppendPlan extends Chunking {
  readonly action: 'append';
  readonly position: number;
  readonly start: number;
}

export type ReplayPlan =
  | AppendPlan
  | { readonly action: 'nothing' }
  | { readonly action: 'refuse'; readonly reason: 'shorter' | 'conflict' };

export interface PlanOptions {
  /** What to do where somebody else has appended since. */
  readonly conflict: 'fail' | 'rebase';

  /** Bytes in one append, where the claim says nothing else. */
  readonly chunkSize: number;
}

/**
 * How many bytes from `position` on to compare in an object of `length` bytes: whole chunks of
 * those that may be there. Whatever else is there is not ours, even where it is alike.
 */
export function comparableLength(claim: Claim, length: number): number {
  return claim.position === undefined ? 0 : landedLength(claim, length - claim.position);
}

/**
 * Decides what to append to an object of `length` bytes.
 *
 * @param matching How many of the comparable bytes are ours, from the first on.
 */
export function planReplay(
  claim: Claim,
  length: number,
  matching: number,
  { conflict, chunkSize }: PlanOptions,
): ReplayPlan {
  const { position, byteLength, doubtful, replay } = claim;
  const atEnd = { action: 'append', position: length } as const;
  const anew = { firstChunkSize: chunkSize, chunkSize };
  if (position === undefined) return { ...atEnd, start: 0, ...anew };
  if (length < position) return { action: 'refuse', reason: 'shorter' };
  const start = landedLength(claim, matching);
  if (start === byteLength) return { action: 'nothing' };
  if (length > position + start) {
    // What is still under way can no longer land: the object is longer than its position.
    return conflict === 'fail'
      ? { action: 'refuse', reason: 'conflict' }
      : { ...atEnd, start, ...anew };
  }
  if (start > 0 || doubtful === 0) {
    return { ...atEnd, start, ...anew, ...(replay && continued(replay)) };
  }
  // Cut as before, so that of what is still under way and what is sent now one alone can land.
  const firstChunkSize = replay?.firstChunkSize ?? doubtful;
  const others = replay?.chunkSize ?? Math.max(chunkSize, doubtful);
  return { ...atEnd, start, firstChunkSize, chunkSize: others };
}

/** A claim whose chunks are known. */
export type ChunkedClaim = Claim & { readonly position: number; readonly replay: Chunking };

/** What is to be noted before anything is sent: from then on each of the chunks may land. */
export function beginReplay(claim: Claim, plan: AppendPlan): ChunkedClaim {
  const { position, start, firstChunkSize, chunkSize } = plan;
  const byteLength = claim.byteLength - start;
  return { position, byteLength, doubtful: byteLength, replay: { firstChunkSize, chunkSize } };
}

/** How far a replay got that gave up. */
export interface Progress {
  /** Bytes that were taken for committed, as they lie behind the position. */
  readonly committed: number;

  /** Bytes behind those that may have landed. */
  readonly doubtful: number;
}

/** What is known of a claim after a replay of it has given up. */
export function endReplay(claim: Claim, plan: AppendPlan, progress: Progress): ChunkedClaim {
  const begun = beginReplay(claim, plan);
  const { committed } = progress;
  const landed = landedLength(begun, committed);
  // A part of a chunk is a stranger's, and in the way of whatever is still to come.
  const doubtful = landed === committed ? progress.doubtful : 0;
  // As long as the object has not grown, what was in doubt before may land as well.
  const isMove = plan.position - plan.start !== claim.position;
  const before = committed > 0 || isMove ? 0 : Math.max(0, claim.doubtful - plan.start);
  return {
    position: begun.position + landed,
    byteLength: begun.byteLength - landed,
    doubtful: Math.max(doubtful, before),
    replay: landed === 0 ? begun.replay : continued(begun.replay),
  };
}

/** The longest run of whole chunks, of those that may be in the object, in `byteLength` bytes. */
export function landedLength({ doubtful, replay }: Claim, byteLength: number): number {
  if (byteLength >= doubtful) return doubtful;
  if (replay === undefined || byteLength < replay.firstChunkSize) return 0;
  const { firstChunkSize, chunkSize } = replay;
  const behind = byteLength - firstChunkSize;
  return firstChunkSize + Math.floor(behind / chunkSize) * chunkSize;
}

function continued({ chunkSize }: Chunking): Chunking {
  return { firstChunkSize: chunkSize, chunkSize };
}
