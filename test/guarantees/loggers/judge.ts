import { accountFor, type LineAccount } from './line-account.js';
import { type LoggerCase, nameOf } from './logger-case.js';
import { firstHalf } from './logging-job.js';
import type { LoggerResult } from './run-logger.js';

/** A file for what was not committed: a line that says where the bytes belong, then the bytes. */
interface SavedFile {
  readonly position: number;
  readonly byteLength: number;
  readonly confirmed: boolean;
  readonly bytes: Buffer;
}

/** Everything that is wrong with what a process left behind, in words; nothing, if all is well. */
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
    promised !== 'flushed' || account.withoutGap >= firstHalf(result) || `lost what was flushed`,
    account.others.length === others || `besides: ${account.others.join('; ')}`,
    (file !== undefined) === (promised === 'object and file') || `${result.files.length} files`,
    more.length === 0 || `${result.files.length} files`,
    saved === undefined || judgeSaved(result.object, saved),
  ];
  return problems.filter((it) => it !== true).map((text) => `${nameOf(loggerCase)}: ${text}`);
}

/** What became of the lines: in the object alone, and with the file that was left behind it. */
export function accountsOf({ object, files, lineCount }: LoggerResult) {
  const [file] = files;
  const saved = file === undefined ? undefined : readSavedFile(file);
  return {
    inObject: accountFor(object, lineCount),
    inAll: accountFor(withSaved(object, saved), lineCount),
    saved,
  };
}

/** `true`, or what is wrong. */
type Finding = true | string;

/** Whatever else is promised: what is there is the start of what was logged. */
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

/** What the object would hold, were the file appended to it. */
function withSaved(object: Buffer, saved: SavedFile | undefined): Buffer {
  return saved === undefined
    ? object
    : Buffer.concat([object.subarray(0, saved.position), saved.bytes]);
}

/** What is behind the position may be there only if the file leaves that open. */
function judgeSaved(
  object: Buffer,
  { position, byteLength, confirmed, bytes }: SavedFile,
): Finding {
  const behind = object.subarray(position);
  if (object.byteLength < position) return 'the file belongs behind the end of the object';
  if (byteLength !== bytes.byteLength) return `the file speaks of ${byteLength} bytes`;
  if (confirmed && behind.byteLength > 0) return 'said not to be in the object, and it is';
  const isStart = behind.equals(bytes.subarray(0, behind.byteLength));
  return isStart || 'the object goes on with what is not in the file';
}

function readSavedFile(file: Buffer): SavedFile {
  const end = file.indexOf('\n');
  const { position, byteLength, confirmed } = JSON.parse(file.toString('utf8', 0, end));
  return { position, byteLength, confirmed, bytes: file.subarray(end + 1) };
}
