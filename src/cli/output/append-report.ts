import { DivergedError } from '../../errors.js';
import { count, formatDuration } from '../../quantity.js';
import type { AppendWritable } from '../../stream/append-writable.js';
import { complain, say, sentence, toLine } from '../messages.js';
import type { AppendReport } from './append-facts.js';
import { describeRest, describeUnread } from './rest-report.js';

/** Prints how a run ended, for people. */
export function reportInWords(report: AppendReport, isQuiet: boolean): void {
  const { error, signal, uncommitted, stream, unread } = report;
  if (error !== undefined) {
    complain(`${sentence(error)}${stream === undefined ? '' : ` ${standing(error, stream)}`}`);
    if (uncommitted !== undefined) complain(describeRest(report, error, uncommitted));
    if (stream?.position !== undefined && unread.length > 0) complain(describeUnread(unread));
  } else if (report.seal?.error !== undefined && stream !== undefined) {
    complain(`${sentence(report.seal.error)} ${standing(report.seal.error, stream)}`);
  } else if (!isQuiet && stream !== undefined) {
    say(
      stream.position === undefined
        ? `Stopped by ${signal} before anything was read.`
        : summary(report, stream),
    );
    if (stream.position !== undefined && unread.length > 0) say(describeUnread(unread));
  }
}

function summary(report: AppendReport, stream: AppendWritable): string {
  const { url, rollovers = 0, signal, duration, seal } = report;
  const { bytesWritten, position, crc64, stats } = stream;
  const rolled = rollovers === 0 ? '' : `, with ${count(rollovers, 'rollover')}`;
  const where = `${toLine(url.href)}${rolled}`;
  const why = signal === undefined ? '' : ` until ${signal}`;
  return [
    `Appended ${count(bytesWritten, 'byte')} in ${count(stats.appends, 'append')} to ${where}`,
    `${why} (${formatDuration(duration)}): next position ${position}`,
    crc64 === undefined ? '' : `, CRC-64 ${crc64}`,
    seal === undefined ? '' : ', sealed',
  ].join('');
}

/** Says how much is committed. */
function standing(error: Error, { bytesWritten, position, key, stats }: AppendWritable): string {
  if (position === undefined) return 'Nothing was read or committed.';
  const bytes = bytesWritten === 0 ? 'Nothing' : count(bytesWritten, 'byte');
  // The object was changed by another writer: its position is in the message of the error.
  if (error instanceof DivergedError) return `${bytes} had been committed.`;
  const be = bytesWritten === 0 ? 'was' : bytesWritten === 1 ? 'is' : 'are';
  const where = stats.rollovers === 0 ? '' : ` in "${key}"`;
  return `${bytes} ${be} committed, the next position${where} is ${position}.`;
}
