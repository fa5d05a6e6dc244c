import { writeSync } from 'node:fs';

/**
 * Says something in one line on standard error, at once: in a worker `process.stderr` goes through
 * the main thread, which waits or is gone by then.
 */
export function printNotice(message: string): void {
  const line = `oss-append-stream: ${message}`.replaceAll(/\p{Cc}+/gu, ' ');
  try {
    writeSync(process.stderr.fd ?? 2, `${line}\n`);
  } catch {
    // Nobody reads standard error: there is no other place to say it.
  }
}

/** What an object is called in a notice. */
export function objectName(bucket: string | undefined, key: string): string {
  return bucket === undefined ? key : `oss://${bucket}/${key}`;
}
