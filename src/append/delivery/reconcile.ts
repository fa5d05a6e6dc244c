import { type Crc64, combineCrc64 } from '../../crc64.js';
import type { ObjectState } from '../append-client.js';

/** A frozen chunk, and the object as it was confirmed before the first attempt on it. */
export interface Expectation {
  /** Position the chunk is appended at: length of the object before it. */
  readonly position: number;

  /** CRC-64 of the object before the chunk; `undefined` if the store returns no checksums. */
  readonly crc64: bigint | undefined;

  readonly chunk: Uint8Array;
}

/** Result of reconciling a chunk. */
export type SettledReconciliation =
  | { readonly outcome: 'committed'; readonly crc64: bigint | undefined }
  | { readonly outcome: 'not-committed'; readonly crc64: bigint | undefined }
  | {
      readonly outcome: 'partial';
      readonly byteLength: number;
      readonly crc64: bigint | undefined;
    }
  | { readonly outcome: 'diverged'; readonly actualLength: number }
  | { readonly outcome: 'not-appendable'; readonly state: ObjectState }
  /** The chunk is not in the object and cannot land where it was sent: it goes to the end. */
  | { readonly outcome: 'rebased'; readonly state: ObjectState | undefined };

/** What the object's state proves about the chunk. */
export type Reconciliation =
  | SettledReconciliation
  /** The bytes from the position to the object's end must be read back. */
  | { readonly outcome: 'unproven'; readonly state: ObjectState };

/**
 * Decides from the state of the object whether the chunk is in it.
 *
 * The checksum proves ownership, never the length alone: a second writer may have appended as many
 * bytes. A seal matters only if the chunk is not in the object, because the chunk may have landed
 * before the object was sealed.
 */
export function reconcile(
  expected: Expectation,
  found: ObjectState | undefined,
  crc64: Crc64,
): Reconciliation {
  const { position, chunk } = expected;
  if (found === undefined) {
    return position === 0
      ? { outcome: 'not-committed', crc64: 0n }
      : { outcome: 'diverged', actualLength: 0 };
  }

  const landed = found.length - position;
  if (landed < 0 || landed > chunk.byteLength) {
    return { outcome: 'diverged', actualLength: found.length };
  }
  if (landed === 0) return atPosition(expected, found);

  if (expected.crc64 === undefined || found.crc64 === undefined) {
    return { outcome: 'unproven', state: found };
  }
  const ours = combineCrc64(expected.crc64, crc64(chunk.subarray(0, landed)), landed);
  return found.crc64 === ours
    ? landedOutcome(expected, landed, ours)
    : { outcome: 'diverged', actualLength: found.length };
}

/** Decides an `unproven` result of {@link reconcile}, from the bytes after the position. */
export function reconcileByBytes(
  expected: Expectation,
  found: ObjectState,
  matches: boolean,
  crc64: Crc64,
): SettledReconciliation {
  if (!matches) return { outcome: 'diverged', actualLength: found.length };
  const landed = found.length - expected.position;
  const bridged =
    expected.crc64 === undefined
      ? undefined
      : combineCrc64(expected.crc64, crc64(expected.chunk.subarray(0, landed)), landed);
  return landedOutcome(expected, landed, found.crc64 ?? bridged);
}

function atPosition(expected: Expectation, found: ObjectState): Reconciliation {
  // Without a checksum on both sides the length decides: the bytes before the position are not in
  // question, and the compare-and-append guards the next ones.
  const known = expected.crc64 ?? found.crc64;
  if (found.crc64 !== undefined && found.crc64 !== known) {
    return { outcome: 'diverged', actualLength: found.length };
  }
  // An empty chunk only creates the object, and the object exists.
  if (expected.chunk.byteLength === 0) return { outcome: 'committed', crc64: known };
  if (found.sealed || !found.appendable) return { outcome: 'not-appendable', state: found };
  return { outcome: 'not-committed', crc64: known };
}

function landedOutcome(
  expected: Expectation,
  landed: number,
  crc64: bigint | undefined,
): SettledReconciliation {
  return landed === expected.chunk.byteLength
    ? { outcome: 'committed', crc64 }
    : { outcome: 'partial', byteLength: landed, crc64 };
}
