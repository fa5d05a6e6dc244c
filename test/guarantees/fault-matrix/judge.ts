import { createHash } from 'node:crypto';
import { type FaultCase, nameOf } from './fault-case.js';
import { type Job, writeLength } from './job.js';
import type { CaseResult } from './run-case.js';
import { sourceBytes } from './source-bytes.js';
import type { Ending } from './trouble.js';

/** Everything that is wrong with what became of a case, in words; nothing, if all is well. */
export function judge(faultCase: FaultCase, result: CaseResult): string[] {
  const { report } = result;
  const source = sourceBytes(result.job.byteLength).subarray(0, report.written);
  const ending = report.error?.code ?? 'delivered';
  const problems = [
    expectedEndings(faultCase).includes(ending as Ending) || `${report.error?.message ?? ending}`,
    report.sha256 === sha256(source) || 'what was written is not the source',
    report.acknowledged === acknowledgeable(result) ||
      `acknowledged ${report.acknowledged} of ${report.committed} bytes`,
    ...(report.error === undefined ? judgeFinished(result) : judgeRest(faultCase, result, source)),
    ...judgeChunks(result, source),
  ];
  return problems.filter((it) => it !== true).map((text) => `${nameOf(faultCase)}: ${text}`);
}

/** `true`, or what is wrong. */
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
    sha256(object ?? '') === report.sha256 || 'finished, and the object is not the source',
  ];
}

function judgeRest({ trouble }: FaultCase, result: CaseResult, source: Buffer): Finding[] {
  const { committed, isConfirmed, restSha256, error } = result.report;
  const object = result.object ?? Buffer.alloc(0);
  const rest = source.subarray(committed);
  const isRest = restSha256 === sha256(rest) || 'what was handed back is not the rest';
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
    !isConfirmed || behind.indexOf(chunk) < 0 || 'said not to be there, and it is',
    trouble.leaves === 'strange bytes' || isOurs || 'the object holds what nobody wrote',
  ];
}

/** Whether an error leaves it open what became of the chunk. */
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
    return !isTwice || `the chunk at ${start} is there twice`;
  });
}

function chunkAt(source: Buffer, start: number, { chunkSize }: Job): Buffer {
  return source.subarray(start, start + chunkSize);
}

function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
