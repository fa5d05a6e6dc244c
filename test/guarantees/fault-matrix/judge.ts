import { createHash } from 'node:crypto';
import { type FaultCase, nameOf } from './fault-case.js';
import { type Job, writeLength } from './job.js';
import type { CaseResult } from './run-case.js';
import { sourceBytes } from './source-bytes.js';
import type { Ending } from './trouble.js';

/** Describes every problem in the outcome of a case; empty when there is none. */
export function judge(faultCase: FaultCase, result: CaseResult): string[] {
  const { report } = result;
  const source = sourceBytes(result.job.byteLength).subarray(0, report.written);
  const ending = report.error?.code ?? 'delivered';
  const problems = [
    expectedEndings(faultCase).includes(ending as Ending) || `${report.error?.message ?? ending}`,
    report.sha256 === sha256(source) || 'the written bytes are not the source',
    report.acknowledged === acknowledgeable(result) ||
      `acknowledged ${report.acknowledged} of ${report.committed} bytes`,
    ...(report.error === undefined ? judgeFinished(result) : judgeRest(faultCase, result, source)),
    ...judgeChunks(result, source),
  ];
  return problems.filter((it) => it !== true).map((text) => `${nameOf(faultCase)}: ${text}`);
}

/** `true`, or a description of the problem. */
type Finding = true | string;

function expectedEndings({ trouble, place, repetition }: FaultCase): readonly Ending[] {
  return [trouble.ends?.(place, repetition) ?? 'delivered'].flat() as Ending[];
}

/** End of the last write that lies within the committed bytes. */
function acknowledgeable({ job, report }: CaseResult): number {
  const step = writeLength(job);
  return report.committed === job.byteLength
    ? job.byteLength
    : Math.floor(report.committed / step) * step;
}

function judgeFinished({ job, report, object }: CaseResult): Finding[] {
  return [
    report.committed === job.byteLength || `finished with ${report.committed} bytes`,
    sha256(object ?? '') === report.sha256 || 'finished, but the object is not the source',
  ];
}

function judgeRest({ trouble }: FaultCase, result: CaseResult, source: Buffer): Finding[] {
  const { committed, isConfirmed, restSha256, error } = result.report;
  const object = result.object ?? Buffer.alloc(0);
  const rest = source.subarray(committed);
  const isRest = restSha256 === sha256(rest) || 'the bytes handed back are not the rest';
  const isDoubtful = doubts[error?.code as Ending] ?? trouble.isDoubtful ?? !isConfirmed;
  const isHonest = isDoubtful !== isConfirmed || `confirmed: ${isConfirmed}`;
  if (trouble.leaves === 'nothing') return [isRest, isHonest];

  const isIntact = object.subarray(0, committed).equals(source.subarray(0, committed));
  const behind = object.subarray(committed);
  const chunk = chunkAt(source, committed, result.job);
  const isOurs = behind.equals(chunk.subarray(0, behind.length));
  return [
    isRest,
    isHonest,
    isIntact || 'the committed bytes are not intact',
    !isConfirmed ||
      behind.indexOf(chunk) < 0 ||
      'the object contains the chunk confirmed as not stored',
    trouble.leaves === 'strange bytes' ||
      isOurs ||
      'the object contains bytes that were not written',
  ];
}

/** Whether the chunk may be stored after an error. */
const doubts: Partial<Record<Ending, boolean>> = {
  APPEND_ERR_UNCONFIRMED: true,
  APPEND_ERR_RETRIES_EXHAUSTED: false,
  APPEND_ERR_SERVICE: false,
};

function judgeChunks({ job, object }: CaseResult, source: Buffer): Finding[] {
  const starts = Array.from({ length: source.length / job.chunkSize }, (_, n) => n * job.chunkSize);
  return starts.map((start) => {
    const chunk = chunkAt(source, start, job);
    const first = object?.indexOf(chunk) ?? -1;
    const isTwice = first >= 0 && object?.includes(chunk, first + 1);
    return !isTwice || `the chunk at ${start} is in the object twice`;
  });
}

function chunkAt(source: Buffer, start: number, { chunkSize }: Job): Buffer {
  return source.subarray(start, start + chunkSize);
}

function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
