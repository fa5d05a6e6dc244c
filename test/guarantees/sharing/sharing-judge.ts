import { lineOf } from '../rollover/numbered-lines.js';
import type { SharingReport } from './sharing-job.js';

/** An object after all writers. */
export interface SharedObject {
  readonly key: string;
  readonly bytes: Buffer;
  readonly sealed: boolean;
}

/** What the writers were to do. */
export interface SharingTask {
  readonly lineCount: number;

  /** Most bytes of the writers in an object. */
  readonly mostBytes?: number | undefined;

  /** Whether every object must have been sealed. */
  readonly isSealed?: boolean;

  /**
   * By writer, what an operator may have taken away: lines with lower numbers may be missing. Absent if
   * nothing may.
   */
  readonly keptFrom?: ReadonlyMap<number, number> | undefined;

  /** Codes of errors that may end a writer. */
  readonly errors?: readonly string[];
}

/**
 * Describes every problem in the objects that several writers shared: each line is whole, there once,
 * and in its writer's order; all that was acknowledged is there; and nothing else is, but for the bytes
 * of strangers.
 */
export function judgeSharing(
  objects: readonly SharedObject[],
  reports: readonly SharingReport[],
  task: SharingTask,
): string[] {
  const problems: string[] = [];
  const numbers = new Map<number, number[]>(reports.map(({ writer }) => [writer, []]));
  for (const { key, bytes, sealed } of objects) {
    const { lines, torn } = linesIn(bytes);
    if (torn !== undefined) problems.push(`${key} has a torn line ${torn}`);
    if (task.isSealed && !sealed) problems.push(`${key} is not sealed`);
    let ownBytes = 0;
    for (const { writer, number } of lines) {
      const own = numbers.get(writer);
      if (own === undefined) problems.push(`${key} has a line of the unknown writer ${writer}`);
      own?.push(number);
      ownBytes += lineOf(writer, number).length;
    }
    if (ownBytes > (task.mostBytes ?? Number.POSITIVE_INFINITY)) {
      problems.push(`${key} has ${ownBytes} bytes of the writers`);
    }
  }
  for (const report of reports) {
    const found = numbers.get(report.writer) ?? [];
    for (const problem of [...judgeLines(found, report, task), ...judgeReport(report, task)]) {
      problems.push(`writer ${report.writer}: ${problem}`);
    }
  }
  return problems;
}

/** Judges the lines of one writer, by their numbers as they follow each other in the objects. */
function judgeLines(
  found: readonly number[],
  { writer, acknowledged, written, isConfirmed }: SharingReport,
  { keptFrom }: SharingTask,
): string[] {
  const problems: string[] = [];
  const seen = new Set<number>();
  for (const [index, number] of found.entries()) {
    if (seen.has(number)) problems.push(`line ${number} is there twice`);
    else if (number < (found[index - 1] ?? -1)) problems.push(`line ${number} is out of order`);
    seen.add(number);
  }
  const expected = keptFrom?.get(writer) ?? 0;
  for (let number = expected; number < acknowledged; number++) {
    if (!seen.has(number)) problems.push(`line ${number} is missing`);
  }
  // What was on its way when the writer gave up may be there, from its beginning.
  const last = Math.max(-1, ...seen);
  for (let number = acknowledged; number < last; number++) {
    if (!seen.has(number)) problems.push(`line ${number} is missing`);
  }
  if (last >= written) problems.push(`line ${last} was never written`);
  if (isConfirmed && last >= acknowledged) {
    problems.push(`line ${last} was handed back as certainly not stored`);
  }
  return problems;
}

/** Judges what a writer says of itself. */
function judgeReport(report: SharingReport, { lineCount, errors = [] }: SharingTask): string[] {
  const { writer, written, acknowledged, committed, error, rest } = report;
  const problems: string[] = [];
  if (error !== undefined && !errors.includes(error.code)) {
    problems.push(`failed with ${error.code}: ${error.message}`);
  }
  if (error === undefined && acknowledged !== lineCount) {
    problems.push(`${acknowledged} lines were acknowledged`);
  }
  const all = Array.from({ length: written }, (_, number) => lineOf(writer, number));
  const length = all.slice(0, acknowledged).join('').length;
  if (committed !== length) problems.push(`${committed} bytes were committed instead of ${length}`);
  if (rest !== all.slice(acknowledged).join(''))
    problems.push('not exactly the rest was handed back');
  return problems;
}

interface Line {
  readonly writer: number;
  readonly number: number;
}

/** Byte of which an operator's bytes consist, and that of a hole. */
export const operatorByte = 0xff;
const holeByte = 0;
const lineFeed = 0x0a;

/**
 * Lines of writers in an object, and the beginning of the first thing that is none. Strangers append
 * whole lines too, each bit inverted.
 */
function linesIn(bytes: Buffer): { readonly lines: Line[]; readonly torn: string | undefined } {
  const lines: Line[] = [];
  let position = 0;
  while (position < bytes.length) {
    const first = bytes[position] as number;
    if (first === operatorByte || first === holeByte) {
      position++;
      continue;
    }
    const isStrange = first >= 0x80;
    const mask = isStrange ? 0xff : 0;
    const end = bytes.indexOf(lineFeed ^ mask, position) + 1 || bytes.length;
    const text = String(bytes.subarray(position, end).map((byte) => byte ^ mask));
    const [, writer, number] = /^life (\d+), line (\d+) /.exec(text) ?? [];
    const line = { writer: Number(writer), number: Number(number) };
    if (writer === undefined || lineOf(line.writer, line.number) !== text) {
      return { lines, torn: `at ${position}: ${JSON.stringify(text.slice(0, 60))}` };
    }
    if (!isStrange) lines.push(line);
    position = end;
  }
  return { lines, torn: undefined };
}
