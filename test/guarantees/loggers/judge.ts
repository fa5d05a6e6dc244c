import { accountFor, type LineAccount } from './line-account.js';
import { type LoggerCase, nameOf } from './logger-case.js';
import { firstHalf } from './logging-job.js';
import type { LoggerResult } from './run-logger.js';

/** A file of uncommitted bytes: a line with their position, then the bytes. */
interface SavedFile {
  readonly position: number;
  readonly byteLength: number;
  readonly confirmed: boolean;
  readonly bytes: Buffer;
}

/** Describes every problem in what a process left behind; empty when there is none. */
export function judge(loggerCase: LoggerCase, result: LoggerResult): string[] {
  const { promised, exitCode, stderr, others } = loggerCase;
  const [file, ...more] = result.files;
  const { inAll: account, saved } = accountsOf(result);
  const problems = [
    result.exitCode === exitCode || `exit code ${result.exitCode}`,
    stderr.test(result.stderr) || `on stderr: ${result.stderr}`,
    result.stdout === '' || `on stdout: ${result.stdout}`,
    ...judgeLines(account, result.lineCount),
    promised === 'nothing' || promised === 'flushed' || judgeAll(account),
    promised !== 'flushed' || account.withoutGap >= firstHalf(result) || 'flushed lines are lost',
    account.others.length === others || `other lines: ${account.others.join('; ')}`,
    (file !== undefined) === (promised === 'object and file') || `${result.files.length} files`,
    more.length === 0 || `${result.files.length} files`,
    saved === undefined || judgeSaved(result.object, saved),
  ];
  return problems.filter((it) => it !== true).map((text) => `${nameOf(loggerCase)}: ${text}`);
}

/** Accounts for the lines in the object alone, and in the object and the file together. */
export function accountsOf({ object, files, lineCount }: LoggerResult) {
  const [file] = files;
  const saved = file === undefined ? undefined : readSavedFile(file);
  return {
    inObject: accountFor(object, lineCount),
    inAll: accountFor(withSaved(object, saved), lineCount),
    saved,
  };
}

/** `true`, or a description of the problem. */
type Finding = true | string;

/** Holds for every promise: the stored lines are a prefix of the logged ones. */
function judgeLines(
  { doubled, misplaced, torn, lost, withoutGap }: LineAccount,
  lineCount: number,
): Finding[] {
  return [
    doubled === 0 || `${doubled} lines twice`,
    misplaced === 0 || `${misplaced} lines in the wrong place`,
    torn === 0 || `${torn} torn lines`,
    withoutGap + lost === lineCount || `a gap behind line ${withoutGap}`,
  ];
}

function judgeAll({ lost, isCutOff }: LineAccount): Finding {
  if (lost > 0) return `${lost} lines lost`;
  return !isCutOff || 'the last line has no end';
}

/** The content of the object if the file were appended to it. */
function withSaved(object: Buffer, saved: SavedFile | undefined): Buffer {
  return saved === undefined
    ? object
    : Buffer.concat([object.subarray(0, saved.position), saved.bytes]);
}

/** The object may hold bytes after the position only if the file is unconfirmed. */
function judgeSaved(
  object: Buffer,
  { position, byteLength, confirmed, bytes }: SavedFile,
): Finding {
  const behind = object.subarray(position);
  if (object.byteLength < position)
    return 'the position of the file is beyond the end of the object';
  if (byteLength !== bytes.byteLength) return `the file claims ${byteLength} bytes`;
  if (confirmed && behind.byteLength > 0)
    return 'the object contains bytes confirmed as not stored';
  const isStart = behind.equals(bytes.subarray(0, behind.byteLength));
  return isStart || 'the object continues with bytes that are not in the file';
}

function readSavedFile(file: Buffer): SavedFile {
  const end = file.indexOf('\n');
  const { position, byteLength, confirmed } = JSON.parse(file.toString('utf8', 0, end));
  return { position, byteLength, confirmed, bytes: file.subarray(end + 1) };
}
