import { isAppendError, OssServiceError } from '../../errors.js';
import type { AppendReport } from './append-facts.js';

/** Writes the run as one line of JSON to standard output. */
export function reportAsJson(report: AppendReport): void {
  const { url, stream, duration, exitCode, signal, error, uncommitted, saved } = report;
  const { rereadable, unread, seal, rollovers } = report;
  const { appends, attempts, retries, reconciles } = stream?.stats ?? {};
  const line = {
    url: url.href,
    bucket: url.bucket,
    key: url.key,
    rollovers,
    bytesWritten: stream?.bytesWritten ?? 0,
    position: stream?.position,
    crc64: stream?.crc64?.toString(),
    sealed: seal && seal.error === undefined,
    appends,
    attempts,
    retries,
    reconciles,
    duration: Math.round(duration),
    exitCode,
    signal,
    error: describeError(error ?? seal?.error),
    uncommitted: uncommitted && {
      position: uncommitted.position,
      byteLength: uncommitted.bytes.byteLength,
      confirmed: uncommitted.confirmed,
      file: typeof saved === 'string' ? saved : undefined,
      resumeAt:
        rereadable.length === 0
          ? undefined
          : rereadable.map(({ name, start, end }) => ({ name, start, end })),
    },
    unread: unread.length === 0 ? undefined : unread,
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Returns the fields of an error that JSON output shows. */
export function describeError(error: Error | undefined): object | undefined {
  if (error === undefined) return undefined;
  const code = isAppendError(error) ? error.code : undefined;
  const { ossCode, requestId } = error instanceof OssServiceError ? error : {};
  return { name: error.name, code, message: error.message, ossCode, requestId };
}
