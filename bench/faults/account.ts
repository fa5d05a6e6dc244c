import { chunkNumber, type FaultCase } from '../../test/guarantees/fault-matrix/fault-case.js';
import type { CaseResult } from '../../test/guarantees/fault-matrix/run-case.js';
import { type Claims, chunksOf } from './claims.js';

/** What a run cost whoever believed its writer. */
export interface Account {
  /** Bytes said to be in the object that are not. */
  readonly lost: number;

  /** Bytes that are there once more than they should be. */
  readonly duplicated: number;

  /** Everything was said to be well, and the object is not the source. */
  readonly isFalseSuccess: boolean;

  /** Something was said not to be in the object, and is. */
  readonly isFalseFailure: boolean;

  /** It was said that nobody knows. */
  readonly isUnknown: boolean;
}

/** Holds what a writer claimed against the object. */
export function account(
  { trouble, place }: FaultCase,
  { job, report, object }: CaseResult<Claims>,
): Account {
  const chunks = chunksOf(job);
  const counts = chunks.map((chunk) => occurrences(object ?? Buffer.alloc(0), chunk));
  const { claims } = report;
  // What was there before somebody else destroyed it was no false report.
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
