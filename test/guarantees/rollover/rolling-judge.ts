import { linesOf } from './numbered-lines.js';
import {
  type FoundObject,
  nameOfRolling,
  type RollingCase,
  type RollingResult,
} from './rolling-case.js';
import { rollingPlaces } from './rolling-trouble.js';

/** Describes every problem in the outcome of a case; empty when there is none. */
export function judgeRolling(rollingCase: RollingCase, result: RollingResult): string[] {
  const { trouble, place, variant } = rollingCase;
  const { report, struck } = result;
  const isFirst = rollingPlaces[place].nth === 1;
  const expected = trouble.ends?.(isFirst, variant) ?? 'delivered';
  const ending = report.error?.code ?? 'delivered';
  const problems = [
    ending === expected || `${report.error?.message ?? ending}`,
    struck > 0 || trouble.strangers !== undefined || 'nothing went wrong',
    ...judgeBytes(rollingCase, result),
    ...judgeUnits(rollingCase, result),
    ...judgeRest(result),
    ...judgeSeals(rollingCase, result),
  ];
  return problems.flatMap((it) => (it === true ? [] : [`${nameOfRolling(rollingCase)}: ${it}`]));
}

/** `true`, or a description of the problem. */
type Finding = true | string;

/** The part of an object that is the stream's: strangers write no ASCII but question marks. */
export function ownPart({ bytes, appendable }: FoundObject): Buffer {
  if (!appendable) return Buffer.alloc(0);
  const isOurs = (byte: number) => byte < 0x80 && byte !== 0x3f;
  const start = bytes.findIndex(isOurs);
  if (start === -1) return Buffer.alloc(0);
  const length = bytes.subarray(start).findIndex((byte) => !isOurs(byte));
  return bytes.subarray(start, length === -1 ? undefined : start + length);
}

function sourceOf({ job, report }: RollingResult): Buffer {
  return Buffer.from(linesOf(job.life, job.lineCount).join('')).subarray(0, report.written);
}

/** The objects in their order hold the source up to the committed bytes, and those in doubt at most. */
function judgeBytes({ trouble }: RollingCase, result: RollingResult): Finding[] {
  const { report, objects } = result;
  const source = sourceOf(result);
  let end = 0;
  const findings: Finding[] = objects.map((object) => {
    const ours = ownPart(object);
    const start = source.indexOf(ours, end);
    const isNext = start === end || (trouble.losesBytes === true && start > end);
    if (!isNext) return `${object.key} does not go on with the source at ${end}`;
    end = start + ours.byteLength;
    return true;
  });
  const isAll = report.error !== undefined || report.committed === source.byteLength;
  const most = report.committed + report.doubtful;
  return [
    ...findings,
    isAll || `finished with ${report.committed} of ${source.byteLength} bytes`,
    ((end >= report.committed || trouble.losesBytes === true) && end <= most) ||
      `${end} bytes are there: ${report.committed} were committed, ${most} at most`,
  ];
}

/** Objects end between units, hold no more than they may, and end only where the next did not fit. */
function judgeUnits({ trouble, variant }: RollingCase, result: RollingResult): Finding[] {
  const { job, report, objects } = result;
  const source = sourceOf(result);
  // What has been accepted ends where it was to end, also if it goes to other objects than was meant.
  const isMoved = report.rolled.some(({ reason }) => reason !== 'size');
  // Only records are kept whole where a chunk goes to another object, or the stream gives up.
  const isBroken = isMoved || report.error !== undefined;
  const mayTear = (!variant.hasRecords && isBroken) || trouble.losesBytes === true;
  let end = 0;
  return objects.flatMap((object) => {
    const { key } = object;
    const ours = ownPart(object);
    end += ours.byteLength;
    const next = source.indexOf('\n', end) + 1 - end;
    const rolled = report.rolled.find(({ from }) => from === key);
    const isFull = ours.byteLength + next > job.maxSize;
    return [
      ours.byteLength <= job.maxSize || `${key} is ${ours.byteLength} bytes long`,
      mayTear || ours.byteLength === 0 || ours.at(-1) === 0x0a || `${key} ends within a line`,
      rolled?.reason !== 'size' || isBroken || isFull || `${key} ends although ${next} bytes fit`,
    ];
  });
}

/** What is acknowledged is committed, and what is handed back is the rest. */
function judgeRest(result: RollingResult): Finding[] {
  const { acknowledged, committed, rest, isConfirmed, doubtful } = result.report;
  const source = sourceOf(result);
  const lines = source.subarray(0, committed).toString().split('\n').length - 1;
  return [
    acknowledged === lines || `acknowledged ${acknowledged} lines of ${lines}`,
    rest === source.subarray(committed).toString() || 'the bytes handed back are not the rest',
    isConfirmed === (doubtful === 0) || `confirmed: ${isConfirmed}, doubtful: ${doubtful}`,
  ];
}

/** Every object that the stream was through with is sealed, but for those that it tells of. */
function judgeSeals({ variant, trouble }: RollingCase, result: RollingResult): Finding[] {
  const { report, objects } = result;
  const { sealed, unsealed, rolled } = report;
  if (!variant.seal)
    return [sealed.length + unsealed.length === 0 || 'seals without being told to'];
  const through = rolled.filter(({ reason }) => reason === 'size').map(({ from }) => from);
  if (report.error === undefined) through.push(rolled.at(-1)?.to ?? '');
  const told = [...sealed, ...unsealed].sort();
  const isOfSeal = trouble.faults.some(({ operation }) => operation === 'seal');
  return [
    String(told) === String(through.sort()) || `seals ${told} instead of ${through}`,
    isOfSeal || unsealed.length === 0 || `cannot seal ${unsealed}`,
    ...sealed.map(
      (key) => objects.find((it) => it.key === key)?.sealed === true || `${key} is not sealed`,
    ),
  ];
}
