import { count } from '../../quantity.js';
import type { ReplayRun } from '../../recovery/replay.js';
import type { SavedBytes } from '../../recovery/saved-bytes.js';
import type { ObjectUrl } from '../flags/object-url.js';
import { complain, say, sentence, toLine } from '../messages.js';
import { describeError } from './append-json.js';

/** Everything that is reported about a replay. */
export interface ReplayReport {
  readonly url: ObjectUrl;
  readonly path: string;
  readonly saved: SavedBytes;
  readonly run: ReplayRun;

  /** Why it ended before everything was committed. */
  readonly error: Error | undefined;
  readonly isRemoved: boolean;
  readonly exitCode: number;
}

/** Prints how a replay ended. */
export function reportReplay(
  report: ReplayReport,
  { quiet, json }: { readonly quiet: boolean; readonly json: boolean },
): void {
  const { error } = report;
  if (error !== undefined) complain(`${sentence(error)} ${standing(report)}`);
  else if (!quiet) say(toLine(summary(report)));
  if (json) reportAsJson(report);
}

function summary({ url, path, saved, run, isRemoved }: ReplayReport): string {
  const { present, stream, bytesWritten, rollovers } = run;
  const { href } = url;
  const end = isRemoved ? `${path} has been removed.` : `${path} can be deleted.`;
  if (stream === undefined) {
    const all = `all ${count(saved.bytes.byteLength, 'byte')}`;
    // The bytes before the last may be in an object that an earlier replay left.
    const where =
      rollovers === undefined
        ? `${href} holds ${all} already`
        : `${all} are stored already, the last in ${href}`;
    return `Appended nothing: ${where}. ${end}`;
  }
  const before = count(present, 'byte');
  const rest =
    rollovers === undefined
      ? `which held the ${before} before them`
      : `after ${before} that were stored already`;
  const isDivided = rollovers !== undefined && stream.bytesWritten < bytesWritten;
  const target = `${isDivided ? ', the last of them' : ''} to ${href}`;
  const appended = `Appended ${count(bytesWritten, 'byte')}${target}${present === 0 ? '' : `, ${rest}`}`;
  return `${appended}: next position ${stream.position}. ${end}`;
}

/** Says how much was appended. */
function standing({ path, run }: ReplayReport): string {
  const { bytesWritten, noteFailure } = run;
  const appended = bytesWritten === 0 ? 'Nothing was' : `${count(bytesWritten, 'byte')} were`;
  const end = `${appended} appended, and ${path} still has everything.`;
  return noteFailure === undefined
    ? end
    : `${end} Its progress could not be recorded there: ${sentence(noteFailure)}`;
}

function reportAsJson({ url, path, saved, run, error, isRemoved, exitCode }: ReplayReport): void {
  const { present, stream, rollovers } = run;
  const { href, bucket, key } = url;
  const line = {
    url: href,
    bucket,
    key,
    rollovers,
    file: path,
    byteLength: saved.bytes.byteLength,
    present,
    bytesWritten: run.bytesWritten,
    position: stream?.position,
    crc64: stream?.crc64?.toString(),
    removed: isRemoved,
    exitCode,
    error: error && describeError(error),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
