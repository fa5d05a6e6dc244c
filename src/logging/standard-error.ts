import { writeSync } from 'node:fs';

/**
 * Writes one line to standard error synchronously: in a worker, `process.stderr` goes through the
 * main thread, which may be blocked or have ended by then.
 */
export function printNotice(message: string): void {
  const line = `oss-append-stream: ${message}`.replaceAll(/\p{Cc}+/gu, ' ');
  try {
    writeSync(process.stderr.fd ?? 2, `${line}\n`);
  } catch {
    // Standard error is closed, and there is no other place for the message.
  }
}

/** Name of an object in a notice. */
export function objectName(bucket: string | undefined, key: string): string {
  return bucket === undefined ? key : `oss://${bucket}/${key}`;
}
