import { addAbortSignal } from 'node:stream';
import type { Crc64 } from '../../crc64.js';
import type { AppendClient, ObjectCreation, ObjectState } from '../append-client.js';
import type { ObjectProbe } from '../object-probe.js';
import type { RequestRunner } from '../request-runner.js';
import type { FrozenChunk } from './frozen-chunk.js';
import { reconcile, reconcileByBytes, type SettledReconciliation } from './reconcile.js';

export interface ReconcileChunkOptions {
  readonly client: AppendClient;
  readonly probe: ObjectProbe;
  readonly create: ObjectCreation;
  readonly requests: RequestRunner;
  readonly crc64: Crc64;

  /** Whether the chunk may go to another object, once it is proved not to be in this one. */
  readonly isMovable: boolean;

  /** Whether others append to the object too, so that the chunk may go to its end. */
  readonly isShared: boolean;
}

export interface ChunkFinding {
  readonly reconciliation: SettledReconciliation;
  readonly exists: boolean;

  /** With `diverged`: whether the bytes at the position were read, and are not those of the chunk. */
  readonly isAbsent?: boolean;
}

/**
 * Finds out whether `chunk` is in the object: by one HEAD, and by reading the bytes back only if
 * the store returns no checksum.
 */
export async function reconcileChunk(
  chunk: FrozenChunk,
  options: ReconcileChunkOptions,
): Promise<ChunkFinding> {
  const { probe, create, crc64 } = options;
  const { key, position, exists } = chunk.target;
  const end = position + chunk.bytes.byteLength;
  const found = await probe.ask(key, {
    guess: end,
    least: position,
    greatest: end,
    create: exists ? undefined : create,
  });
  const expected = { position, crc64: chunk.target.crc64, chunk: chunk.bytes };
  const answer = reconcile(expected, found, crc64);
  const settle = (reconciliation: SettledReconciliation, isAbsent = false): ChunkFinding => ({
    reconciliation:
      options.isShared && mayBeRebased(chunk, reconciliation, isAbsent)
        ? { outcome: 'rebased', state: found }
        : reconciliation,
    exists: found !== undefined,
    ...(isAbsent && options.isMovable && { isAbsent }),
  });
  const isBehind = answer.outcome === 'diverged' && found !== undefined && found.length > position;
  const needsBytes = isBehind && (options.isMovable || options.isShared) && chunk.isUnconfirmed;
  if (found !== undefined && needsBytes) {
    const matches = await readBack(chunk, found, options);
    return settle(matches ? landedBefore(chunk, found, options) : answer, !matches);
  }
  if (answer.outcome !== 'unproven') return settle(answer);
  if (options.isShared && !chunk.isUnconfirmed) return settle(divergedAt(answer.state));
  const matches = await readBack(chunk, answer.state, options);
  return settle(reconcileByBytes(expected, answer.state, matches, crc64), !matches);
}

/**
 * Whether a chunk whose object others append to as well goes to the end. The store's refusal of its
 * position is final, so that without any other doubt it is in no place.
 */
function mayBeRebased(
  chunk: FrozenChunk,
  { outcome }: SettledReconciliation,
  isAbsent: boolean,
): boolean {
  if (outcome === 'diverged') return isAbsent || !chunk.isUnconfirmed;
  const isCommitted = outcome === 'committed' || outcome === 'partial';
  return isCommitted && !chunk.isUnconfirmed && chunk.bytes.byteLength > 0;
}

/**
 * What the bytes at the position prove that are the chunk's, although the object is not as expected:
 * others have appended behind them, or have replaced what was before them.
 */
function landedBefore(
  chunk: FrozenChunk,
  found: ObjectState,
  { isShared }: ReconcileChunkOptions,
): SettledReconciliation {
  const landed = found.length - chunk.target.position;
  const { byteLength } = chunk.bytes;
  if (landed > byteLength) return { outcome: 'committed', crc64: chunk.crc64After() };
  if (!isShared) return divergedAt(found);
  const { crc64 } = found;
  return landed === byteLength
    ? { outcome: 'committed', crc64 }
    : { outcome: 'partial', byteLength: landed, crc64 };
}

function divergedAt({ length }: ObjectState): SettledReconciliation {
  return { outcome: 'diverged', actualLength: length };
}

/** Whether the object's bytes after the position are those of the chunk, as far as both go. */
export async function readBack(
  chunk: FrozenChunk,
  found: Pick<ObjectState, 'length'>,
  { client, requests }: Pick<ReconcileChunkOptions, 'client' | 'requests'>,
): Promise<boolean> {
  const { key, position } = chunk.target;
  const length = Math.min(found.length, position + chunk.bytes.byteLength);
  return requests.run(length - position, async (options) => {
    const found = await client.getObject(key, { ...options, start: position, end: length });
    const stream = addAbortSignal(options.signal as AbortSignal, found);
    let compared = 0;
    for await (const piece of stream) {
      const ours = chunk.bytes.subarray(compared, compared + piece.length);
      if (!ours.equals(piece)) return false;
      compared += piece.length;
    }
    if (compared !== length - position) {
      throw new Error(
        `Reading back ${length - position} bytes of "${key}" ended after ${compared}`,
      );
    }
    return true;
  });
}
