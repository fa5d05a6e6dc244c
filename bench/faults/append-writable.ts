import type { Job } from '../../test/guarantees/fault-matrix/job.js';
import { writeWithStream } from '../../test/guarantees/fault-matrix/write-with-stream.js';
import { type Claim, type Claims, chunksOf } from './claims.js';

/** This library. It claims nothing about chunks that it hands back without an attempt. */
export async function appendWithAppendWritable(job: Job): Promise<Claims> {
  const { committed, error, isConfirmed } = await writeWithStream(job);
  const failed = Math.floor(committed / job.chunkSize);
  const claims = chunksOf(job).map((_, index): Claim => {
    if (index < failed) return 'success';
    if (index > failed || error === undefined) return 'none';
    return isConfirmed ? 'failure' : 'unknown';
  });
  return { claims };
}
