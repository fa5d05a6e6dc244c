import type { ObjectState } from '../append/append-client.js';
import {
  type Claim,
  landedLength,
  type PlanOptions,
  planReplay,
  type ReplayPlan,
} from './replay-plan.js';
import type { Conflict } from './saved-header.js';

/** Appends the bytes from `start` on to the next object. */
export interface MovePlan {
  readonly action: 'move';
  readonly start: number;
  readonly reason: 'sealed' | 'full' | 'conflict' | 'exists';
}

export type SeriesPlan =
  | ReplayPlan
  | MovePlan
  | { readonly action: 'refuse'; readonly reason: 'not-appendable' };

export interface SeriesPlanOptions extends Omit<PlanOptions, 'conflict'> {
  readonly conflict: Conflict;

  /** Whether there is a next object. */
  readonly isSeries: boolean;

  /** Maximum bytes of an object, if there is a next one. */
  readonly maxSize: number;
}

/**
 * Decides as {@link planReplay} does, and goes on to the next object where this one takes no more.
 *
 * Nothing leaves an object while an append to it may still land. An append can no longer land once
 * the object is longer than its position, or sealed. A missing object proves nothing.
 *
 * @param object `undefined` if it does not exist.
 * @param matching How many of the comparable bytes equal ours, from the first on.
 */
export function planInSeries(
  claim: Claim,
  object: ObjectState | undefined,
  matching: number,
  { conflict, chunkSize, isSeries, maxSize }: SeriesPlanOptions,
): SeriesPlan {
  const length = object?.length ?? 0;
  const takesMore = object === undefined || (object.appendable && !object.sealed);
  const withinObject = conflict === 'rebase' ? 'rebase' : 'fail';
  const plan = planReplay(claim, length, matching, { conflict: withinObject, chunkSize });
  if (plan.action === 'nothing') return plan;

  const { position } = claim;
  const start = position === undefined || length < position ? 0 : landedLength(claim, matching);
  const isGrown = takesMore && position !== undefined && length > position + start;
  const isInDoubt = claim.doubtful > start && !isGrown && object?.sealed !== true;
  const canMove = isSeries && !isInDoubt;
  const move = (reason: MovePlan['reason']): MovePlan => ({ action: 'move', start, reason });

  if (!takesMore) return canMove ? move('sealed') : { action: 'refuse', reason: 'not-appendable' };
  if (plan.action === 'refuse') {
    // Who has appended nothing to an object yet takes the next one.
    const isUnused = position === 0 && start === 0;
    return canMove && (isUnused || conflict === 'rollover') ? move('conflict') : plan;
  }
  // It may not be the last object: bytes without a position get one of their own.
  if (canMove && position === undefined && object !== undefined && conflict !== 'rebase') {
    return move('exists');
  }
  const left = claim.byteLength - plan.start;
  if (!isSeries || plan.position + left <= maxSize) return plan;
  // The bytes are not divided between objects, but a chunk that may still land is settled first.
  return canMove ? move('full') : { ...plan, byteLength: Math.min(plan.firstChunkSize, left) };
}
