/** Maximum bytes in one append of a replay. */
export const replayChunkSize = 4 * 2 ** 20;

/** How bytes are cut into chunks; OSS appends each as a whole or not at all. */
export interface Chunking {
  readonly firstChunkSize: number;

  /** Length of each further chunk; the last one may be shorter. */
  readonly chunkSize: number;
}

/** Bytes to be appended to an object, as far as their position is known. */
export interface Claim {
  /** Position of the first byte; `undefined` if the bytes have none yet. */
  readonly position: number | undefined;
  readonly byteLength: number;

  /** Leading bytes that were sent to `position`, or are about to be, and may have landed. */
  readonly doubtful: number;

  /** The chunks of a replay that has begun; if absent, the doubtful bytes are one chunk. */
  readonly replay: Chunking | undefined;
}

/** Appends the bytes from `start` on at `position`, the end of the object. */
export interface AppendPlan extends Chunking {
  readonly action: 'append';
  readonly position: number;
  readonly start: number;

  /** How many bytes to append, if not all of them. */
  readonly byteLength?: number;
}

export type ReplayPlan =
  | AppendPlan
  | { readonly action: 'nothing' }
  | { readonly action: 'refuse'; readonly reason: 'shorter' | 'conflict' };

export interface PlanOptions {
  /** What to do if another writer has appended since. */
  readonly conflict: 'fail' | 'rebase';

  /** Bytes in one append, unless the claim has chunks of its own. */
  readonly chunkSize: number;
}

/**
 * How many bytes from `position` on to compare in an object of `length` bytes: the whole chunks
 * that may have landed. Bytes beyond them belong to another writer, even if they are equal to ours.
 */
export function comparableLength(claim: Claim, length: number): number {
  return claim.position === undefined ? 0 : landedLength(claim, length - claim.position);
}

/**
 * Decides what to append to an object of `length` bytes.
 *
 * @param matching How many of the comparable bytes equal ours, from the first on.
 */
export function planReplay(
  claim: Claim,
  length: number,
  matching: number,
  { conflict, chunkSize }: PlanOptions,
): ReplayPlan {
  const { position, byteLength, doubtful, replay } = claim;
  const atEnd = { action: 'append', position: length } as const;
  const fresh = { firstChunkSize: chunkSize, chunkSize };
  if (position === undefined) return { ...atEnd, start: 0, ...fresh };
  if (length < position) return { action: 'refuse', reason: 'shorter' };
  const start = landedLength(claim, matching);
  if (start === byteLength) return { action: 'nothing' };
  if (length > position + start) {
    // An append still under way can no longer land: the object is longer than its position.
    return conflict === 'fail'
      ? { action: 'refuse', reason: 'conflict' }
      : { ...atEnd, start, ...fresh };
  }
  if (start > 0 || doubtful === 0) {
    return { ...atEnd, start, ...fresh, ...(replay && continued(replay)) };
  }
  // The same first chunk as before: only one of an append still under way and the new one can land.
  const firstChunkSize = replay?.firstChunkSize ?? doubtful;
  const others = replay?.chunkSize ?? Math.max(chunkSize, doubtful);
  return { ...atEnd, start, firstChunkSize, chunkSize: others };
}

/** A claim whose chunks are known. */
export type ChunkedClaim = Claim & { readonly position: number; readonly replay: Chunking };

/** The claim to record before the first append: from then on each of the chunks may land. */
export function beginReplay(claim: Claim, plan: AppendPlan): ChunkedClaim {
  const { position, start, firstChunkSize, chunkSize } = plan;
  const byteLength = claim.byteLength - start;
  const doubtful = plan.byteLength ?? byteLength;
  return { position, byteLength, doubtful, replay: { firstChunkSize, chunkSize } };
}

/** How far a replay got before it gave up, or had appended all that its plan says. */
export interface Progress {
  /** Bytes after the position that the stream took for committed. */
  readonly committed: number;

  /** Bytes after those that may have landed. */
  readonly doubtful: number;
}

/** The claim that is left after its replay has given up, or has appended all that its plan says. */
export function endReplay(claim: Claim, plan: AppendPlan, progress: Progress): ChunkedClaim {
  const begun = beginReplay(claim, plan);
  const { committed } = progress;
  const landed = landedLength(begun, committed);
  // A part of a chunk belongs to another writer, and prevents later appends at its position.
  const doubtful = landed === committed ? progress.doubtful : 0;
  // Until the object grows, bytes that were doubtful before may still land too.
  const isMove = plan.position - plan.start !== claim.position;
  const before = committed > 0 || isMove ? 0 : Math.max(0, claim.doubtful - plan.start);
  return {
    position: begun.position + landed,
    byteLength: begun.byteLength - landed,
    doubtful: Math.max(doubtful, before),
    replay: landed === 0 ? begun.replay : continued(begun.replay),
  };
}

/** Length of the whole chunks, of those that may have landed, that fit into `byteLength` bytes. */
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
