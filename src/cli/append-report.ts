import type { AppendWritable, UncommittedBytes } from '../append-writable.js';
import { isAppendError, OssServiceError } from '../errors.js';
import type { AppendOutcome } from './append-run.js';
import { formatDuration } from './duration.js';
import { complain, say, sentence } from './messages.js';
import type { ObjectUrl } from './object-url.js';

/** Everything there is to tell about a run. */
export interface AppendReport extends Omit<AppendOutcome, 'isTransient' | 'deadline'> {
  readonly url: ObjectUrl;

  /** `undefined` if it did not get as far as that. */
  readonly stream: AppendWritable | undefined;

  /** Milliseconds. */
  readonly duration: number;
  readonly exitCode: number;

  /** Where the uncommitted bytes are, or why they could not be saved. */
  readonly saved: string | Error | undefined;
}

/** Says in lines for people how a run ended. */
export function reportInWords(report: AppendReport, isQuiet: boolean): void {
  const { error, signal, uncommitted, stream } = report;
  if (error !== undefined) {
    complain(`${sentence(error)}${stream === undefined ? '' : ` ${standing(stream)}`}`);
    if (uncommitted !== undefined) complain(whereabouts(report, uncommitted));
  } else if (!isQuiet && stream !== undefined) {
    say(
      stream.position === undefined
        ? `Stopped by ${signal} before anything was read.`
        : summary(report, stream),
    );
  }
}

/** Writes the run as one line of JSON to standard output. */
export function reportAsJson(report: AppendReport): void {
  const { url, stream, duration, exitCode, signal, error, uncommitted, saved } = report;
  const { appends, attempts, retries, reconciles } = stream?.stats ?? {};
  const line = {
    url: url.href,
    ...{ bucket: url.bucket, key: url.key },
    bytesWritten: stream?.bytesWritten ?? 0,
    position: stream?.position,
    crc64: stream?.crc64?.toString(),
    ...{ appends, attempts, retries, reconciles, duration: Math.round(duration) },
    ...{ exitCode, signal },
    error: error && describeError(error),
    uncommitted: uncommitted && {
      position: uncommitted.position,
      byteLength: uncommitted.bytes.byteLength,
      confirmed: uncommitted.confirmed,
      file: typeof saved === 'string' ? saved : undefined,
    },
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function describeError(error: Error): object {
  const code = isAppendError(error) ? error.code : undefined;
  const { ossCode, requestId } = error instanceof OssServiceError ? error : {};
  return { name: error.name, code, message: error.message, ossCode, requestId };
}

function summary({ url, signal, duration }: AppendReport, stream: AppendWritable): string {
  const { bytesWritten, position, crc64, stats } = stream;
  const why = signal === undefined ? '' : ` until ${signal}`;
  return [
    `Appended ${count(bytesWritten, 'byte')} in ${count(stats.appends, 'append')} to ${url.href}`,
    `${why} (${formatDuration(duration)}): next position ${position}`,
    crc64 === undefined ? '' : `, CRC-64 ${crc64}`,
  ].join('');
}

function standing({ bytesWritten, position }: AppendWritable): string {
  if (position === undefined) return 'Nothing was read or committed.';
  return `${capitalCount(bytesWritten)} committed, the next position is ${position}.`;
}

function capitalCount(bytes: number): string {
  if (bytes === 0) return 'Nothing was';
  return bytes === 1 ? '1 byte is' : `${bytes} bytes are`;
}

function whereabouts({ saved, url }: AppendReport, uncommitted: UncommittedBytes): string {
  const { bytes, position, confirmed } = uncommitted;
  const what = count(bytes.byteLength, 'byte');
  const doubt = confirmed ? '' : ', the first of which may be in the object or still get there';
  if (saved === undefined) return `Not committed: ${what}${doubt}.`;
  if (typeof saved !== 'string') {
    return `Not committed, and lost: ${what}${doubt}. ${sentence(saved)}`;
  }
  return `Not committed: ${what}${doubt}; saved to ${saved}. To append them: tail -n +2 ${saved} | oss-append --position ${position} ${url.href}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
