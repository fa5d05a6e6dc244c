import { type Claim, replayChunkSize } from './replay-plan.js';
import type { SeriesPlan } from './series-plan.js';

/** The file is rewritten before each chunk, but not more often than about so many times. */
const mostChunks = 16;

/**
 * Divides the bytes between records, because other writers may append between two chunks: the plan
 * is then for one chunk only. A chunk that may have landed is settled as it was sent.
 *
 * @param bytes The bytes of the claim.
 */
export function divideAtRecords(
  plan: SeriesPlan,
  claim: Claim,
  bytes: Buffer,
  delimiter: Buffer,
): SeriesPlan {
  if (plan.action !== 'append') return plan;
  const { start, position } = plan;
  const left = bytes.subarray(start);
  const isInDoubt = claim.doubtful > start && position - start === claim.position;
  const chunk = isInDoubt ? plan.firstChunkSize : recordsLength(left, delimiter);
  if (chunk >= left.byteLength) return { ...plan, firstChunkSize: chunk };
  return { ...plan, firstChunkSize: chunk, byteLength: chunk };
}

/** Length of the first chunk: whole records, if at all possible. */
function recordsLength(bytes: Buffer, delimiter: Buffer): number {
  const size = Math.max(replayChunkSize, Math.ceil(bytes.byteLength / mostChunks));
  if (bytes.byteLength <= size) return bytes.byteLength;
  const last = bytes.lastIndexOf(delimiter, size - delimiter.byteLength);
  // A longer record has a chunk of its own.
  const end = last === -1 ? bytes.indexOf(delimiter) : last;
  return end === -1 ? bytes.byteLength : end + delimiter.byteLength;
}
