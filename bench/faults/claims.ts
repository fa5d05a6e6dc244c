import type { Job } from '../../test/guarantees/fault-matrix/job.js';
import { sourceBytes } from '../../test/guarantees/fault-matrix/source-bytes.js';

/**
 * What a writer reports of a chunk: that it is in the object, that it is not, that the outcome is
 * unknown, or nothing because there was no attempt.
 */
export type Claim = 'success' | 'failure' | 'unknown' | 'none';

/** One claim for each chunk of the source. */
export interface Claims {
  readonly claims: readonly Claim[];
}

/** The chunks of a job's source, in order. */
export function chunksOf({ byteLength, chunkSize }: Job): Buffer[] {
  const source = sourceBytes(byteLength);
  return Array.from({ length: byteLength / chunkSize }, (_, index) =>
    source.subarray(index * chunkSize, (index + 1) * chunkSize),
  );
}
