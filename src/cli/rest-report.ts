import type { UncommittedBytes } from '../append-writable.js';
import { type AppendErrorCode, isAppendError } from '../errors.js';
import type { AppendReport } from './append-report.js';
import { count, sentence } from './messages.js';
import { shellCommand } from './shell-command.js';

/** Errors after which the same bytes cannot go to the same object, or must not. */
const dead: readonly AppendErrorCode[] = [
  'APPEND_ERR_DIVERGED',
  'APPEND_ERR_NOT_APPENDABLE',
  'APPEND_ERR_OBJECT_FULL',
  'APPEND_ERR_CHECKSUM',
];

/** Says what is not committed, where it is, and how to go on with it. */
export function describeRest(
  report: AppendReport,
  error: Error,
  { bytes, position, confirmed }: UncommittedBytes,
): string {
  const { saved, resumeAt, url, flagsToRepeat } = report;
  const doubt = confirmed ? '' : ', the first of which may be in the object or still get there';
  const what = `Not committed: ${count(bytes.byteLength, 'byte')}${doubt}`;
  if (saved instanceof Error) return `${what}; they are lost. ${sentence(saved)}`;
  if (saved === undefined) {
    return resumeAt === undefined
      ? `${what}.`
      : `${what}; ${resumeAt.name} has them, from byte ${resumeAt.start} on.`;
  }
  const place = `${what}; saved to ${saved}, behind one line that says where they belong.`;
  if (isAppendError(error) && dead.includes(error.code)) return place;
  const command = shellCommand([
    ...['oss-append', '--position', String(position)],
    ...[...flagsToRepeat, url.href],
  ]);
  const file = shellCommand([saved]);
  if (command === undefined || file === undefined) return place;
  const purpose = confirmed ? 'To append them' : 'To append them, unless they got there';
  return `${place} ${purpose}: tail -n +2 ${file} | ${command}`;
}
