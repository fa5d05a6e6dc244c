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
  if (answer.outcome === 'diverged' && found !== undefined && found.length > position) {
    if (options.isMovable && chunk.isUnconfirmed) return findBehind(chunk, found, options);
  }
  if (answer.outcome !== 'unproven') {
    return { reconciliation: answer, exists: found !== undefined };
  }
  const matches = await readBack(chunk, answer.state, options);
  const reconciliation = reconcileByBytes(expected, answer.state, matches, crc64);
  const finding = { reconciliation, exists: true };
  return options.isMovable ? { ...finding, isAbsent: !matches } : finding;
}

/**
 * Another writer has appended. The bytes at the position tell whether the chunk landed before that;
 * they are there for good, so that it cannot land any more.
 */
async function findBehind(
  chunk: FrozenChunk,
  found: ObjectState,
  options: ReconcileChunkOptions,
): Promise<ChunkFinding> {
  const matches = await readBack(chunk, found, options);
  const { position } = chunk.target;
  // Otherwise the whole chunk is there, and what comes before it is not what we know.
  const isBehind = found.length > position + chunk.bytes.byteLength;
  const reconciliation: SettledReconciliation =
    matches && isBehind
      ? { outcome: 'committed', crc64: chunk.crc64After() }
      : { outcome: 'diverged', actualLength: found.length };
  return { reconciliation, exists: true, isAbsent: !matches };
}

/** Whether the object's bytes after the position are those of the chunk, as far as both go. */
async function readBack(
  chunk: FrozenChunk,
  found: ObjectState,
  { client, requests }: ReconcileChunkOptions,
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
