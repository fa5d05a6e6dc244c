import type { Conversion } from '../../convert/conversion.js';
import { type AppendErrorCode, isAppendError } from '../../errors.js';
import { count, formatDuration } from '../../quantity.js';
import type { ObjectUrl } from '../flags/object-url.js';
import { complain, say, sentence, toLine } from '../messages.js';
import { describeError } from './append-json.js';

/** Errors after which the same command can go on. */
const temporary: readonly AppendErrorCode[] = [
  'APPEND_ERR_RETRIES_EXHAUSTED',
  'APPEND_ERR_UNCONFIRMED',
  'APPEND_ERR_REQUEST',
  'APPEND_ERR_SERVICE',
];

/** Everything that is reported about a conversion. */
export interface ConversionReport {
  readonly from: ObjectUrl;
  readonly to: ObjectUrl;
  readonly conversion: Conversion;

  /** Checksum of both objects; `undefined` if it failed. */
  readonly crc64: bigint | undefined;
  readonly error: Error | undefined;

  /** Milliseconds from start to end. */
  readonly duration: number;
  readonly exitCode: number;
}

/** Prints how a conversion ended. */
export function reportConversion(
  report: ConversionReport,
  { quiet, json }: { readonly quiet: boolean; readonly json: boolean },
): void {
  const { error } = report;
  if (error !== undefined) complain(`${sentence(error)}${standing(report, error)}`);
  else if (!quiet) say(toLine(summary(report)));
  if (json) reportAsJson(report);
}

function summary({ from, to, conversion, crc64, duration }: ConversionReport): string {
  const { length, bytesPresent, stream } = conversion;
  const end = `next position ${length}, CRC-64 ${crc64}, equal to ${from.href}`;
  if (stream === undefined) return `Appended nothing to ${to.href}, a complete copy: ${end}`;
  const before = bytesPresent === 0 ? '' : `, which had the ${count(bytesPresent, 'byte')} before`;
  const appended = `Appended ${count(stream.bytesWritten, 'byte')} in ${count(stream.stats.appends, 'append')} to ${to.href}`;
  return `${appended}${before} (${formatDuration(duration)}): ${end}`;
}

/** Says how far it got, and whether it can go on. */
function standing({ conversion }: ConversionReport, error: Error): string {
  const { length, stream } = conversion;
  if (stream === undefined) return ' Nothing was appended.';
  const { position = 0, bytesWritten } = stream;
  const done = ` ${count(bytesWritten, 'byte')} appended, ${position} of ${length} are there.`;
  const canGoOn = isAppendError(error) && temporary.includes(error.code);
  return canGoOn ? `${done} The same command goes on from there.` : done;
}

function reportAsJson(report: ConversionReport): void {
  const { from, to, conversion, crc64, error, duration, exitCode } = report;
  const { length, bytesPresent, stream } = conversion;
  const { appends = 0, attempts = 0, retries = 0, reconciles = 0 } = stream?.stats ?? {};
  const line = {
    source: from.href,
    url: to.href,
    bucket: to.bucket,
    key: to.key,
    length,
    bytesPresent,
    bytesWritten: stream?.bytesWritten ?? 0,
    position: stream?.position ?? bytesPresent,
    crc64: crc64?.toString(),
    appends,
    attempts,
    retries,
    reconciles,
    duration: Math.round(duration),
    exitCode,
    error: describeError(error),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
