import { type AppendErrorCode, isAppendError } from '../errors.js';
import { count } from '../quantity.js';
import type { UncommittedBytes } from '../uncommitted-bytes.js';
import type { AppendReport } from './append-report.js';
import { sentence } from './messages.js';
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
  { bytes, confirmed }: UncommittedBytes,
): string {
  const { saved, resumeAt, flagsToRepeat } = report;
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
  const command = shellCommand(['oss-append', 'replay', ...flagsToRepeat, saved]);
  return command === undefined ? place : `${place} To append them: ${command}`;
}
