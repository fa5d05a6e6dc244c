import { type AppendErrorCode, isAppendError } from '../../errors.js';
import { count } from '../../quantity.js';
import { shellCommand } from '../../shell-command.js';
import type { UncommittedBytes } from '../../stream/uncommitted-bytes.js';
import { sentence } from '../messages.js';
import type { SourceRange } from '../run/source.js';
import type { AppendReport } from './append-facts.js';

/** Errors after which a replay must not append these bytes. */
const final: readonly AppendErrorCode[] = ['APPEND_ERR_DIVERGED', 'APPEND_ERR_CHECKSUM'];

/** Errors after which they cannot be appended to the same object. */
const finalForObject: readonly AppendErrorCode[] = [
  'APPEND_ERR_NOT_APPENDABLE',
  'APPEND_ERR_OBJECT_FULL',
];

/** Longest list of names in one message. */
const mostNames = 10;

/** Says which bytes are not committed, where they are, and how to append them. */
export function describeRest(
  report: AppendReport,
  error: Error,
  { bytes, confirmed }: UncommittedBytes,
): string {
  const { saved, rereadable, flagsToRepeat, rollovers } = report;
  const doubt = confirmed
    ? ''
    : ', the first of which may be in the object or may still arrive there';
  const what = `Not committed: ${count(bytes.byteLength, 'byte')}${doubt}`;
  if (saved instanceof Error) {
    const lost = rereadable.length === 0 ? 'they' : `${shares(rereadable)}; all others`;
    return `${what}; ${lost} are lost. ${sentence(saved)}`;
  }
  if (saved === undefined) return `${what}; ${places(rereadable)}.`;
  const place = `${what}; saved to ${saved}, after a first line that says where they belong.`;
  if (flagsToRepeat === undefined) return place;
  const isFinal = (code: AppendErrorCode) =>
    final.includes(code) || (rollovers === undefined && finalForObject.includes(code));
  if (isAppendError(error) && isFinal(error.code)) return place;
  const command = shellCommand(['oss-append', 'replay', ...flagsToRepeat, saved]);
  return command === undefined ? place : `${place} To append them: ${command}`;
}

/** Says which sources were not read, or not to their end. */
export function describeUnread(unread: AppendReport['unread']): string {
  const names = unread.map(({ name, start }) => {
    const what = name === '-' ? 'standard input' : name;
    return start === 0 ? what : `${what} from byte ${start} on`;
  });
  return `Not read: ${shorten(names, (left) => `${left} more`).join(', ')}.`;
}

function places(ranges: readonly SourceRange[]): string {
  const [only, ...others] = ranges;
  if (only === undefined || others.length > 0) return shares(ranges);
  return `${only.name} has them, from byte ${only.start} on`;
}

function shares(ranges: readonly SourceRange[]): string {
  const files = ranges.map(
    ({ name, start, end }) => `${name} has ${end - start} of them, from byte ${start} on`,
  );
  // Only the first and the last range can be part of a file: all between are whole files.
  const between = (left: number) => `the ${left} files named after it are among them in full`;
  return shorten(files, between).join('; ');
}

/** Replaces the items before the last by a summary if the list is too long. */
function shorten(items: readonly string[], describe: (left: number) => string): readonly string[] {
  if (items.length <= mostNames) return items;
  const left = items.length - mostNames + 1;
  return [...items.slice(0, mostNames - 2), describe(left), ...items.slice(-1)];
}
