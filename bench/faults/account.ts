import { chunkNumber, type FaultCase } from '../../test/guarantees/fault-matrix/fault-case.js';
import type { CaseResult } from '../../test/guarantees/fault-matrix/run-case.js';
import { type Claims, chunksOf } from './claims.js';

/** The damage of a run to a user who believes its writer. */
export interface Account {
  /** Bytes reported as stored that are not in the object. */
  readonly lost: number;

  /** Bytes of surplus copies in the object. */
  readonly duplicated: number;

  /** Whether everything was reported as stored, but the object is not the source. */
  readonly isFalseSuccess: boolean;

  /** Whether bytes were reported as not stored that are in the object. */
  readonly isFalseFailure: boolean;

  /** Whether the outcome was reported as unknown. */
  readonly isUnknown: boolean;
}

/** Compares what a writer claimed with the object. */
export function account(
  { trouble, place }: FaultCase,
  { job, report, object }: CaseResult<Claims>,
): Account {
  const chunks = chunksOf(job);
  const counts = chunks.map((chunk) => occurrences(object ?? Buffer.alloc(0), chunk));
  const { claims } = report;
  // What was stored before another writer destroyed the object was not a false report.
  const first = trouble.leaves === 'nothing' ? chunkNumber[place] - 1 : 0;
  const isLost = claims.map((claim, index) => {
    return index >= first && claim === 'success' && counts[index] === 0;
  });
  const isAllWell = claims.every((claim) => claim === 'success');
  return {
    lost: isLost.filter(Boolean).length * job.chunkSize,
    duplicated: counts.reduce((sum, count) => sum + Math.max(0, count - 1), 0) * job.chunkSize,
    isFalseSuccess: isAllWell && object?.equals(Buffer.concat(chunks)) !== true,
    isFalseFailure: claims.some((claim, index) => claim === 'failure' && counts[index] !== 0),
    isUnknown: claims.includes('unknown'),
  };
}

function occurrences(object: Buffer, chunk: Buffer): number {
  let count = 0;
  for (let at = object.indexOf(chunk); at >= 0; at = object.indexOf(chunk, at + 1)) count++;
  return count;
}
