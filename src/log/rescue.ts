import { writeSync } from 'node:fs';
import { saveUncommitted } from '../fallback-file.js';
import { count } from '../quantity.js';
import type { UncommittedBytes } from '../uncommitted-bytes.js';

/** Where the bytes belong, and where to keep them. */
export interface RescueOptions {
  readonly bucket: string | undefined;
  readonly fallback: string | undefined;
}

/** Saves what could not be committed in a file, and says so on standard error in one line. */
export function rescue(uncommitted: UncommittedBytes, why: string, options: RescueOptions): void {
  const { bucket, fallback } = options;
  const where = bucket === undefined ? uncommitted.key : `oss://${bucket}/${uncommitted.key}`;
  const doubt = uncommitted.confirmed ? '' : ', the first of which may be there all the same';
  const bytes = count(uncommitted.bytes.byteLength, 'byte');
  const what = `${bytes} for ${where} could not be committed${doubt} (${why})`;
  let outcome: string;
  try {
    const path = saveUncommitted(uncommitted, { bucket }, fallback);
    outcome = `saved to ${path}; to append them: oss-append replay ${quoted(path)}`;
  } catch (error) {
    outcome = `they are lost, as no file could be written: ${(error as Error).message}`;
  }
  complain(`oss-append-stream: ${what}; ${outcome}`);
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

/** In a worker `process.stderr` goes through the main thread, which waits or is gone by now. */
function complain(message: string): void {
  const line = message.replaceAll(/\p{Cc}+/gu, ' ');
  try {
    writeSync(process.stderr.fd ?? 2, `${line}\n`);
  } catch {
    // Nobody reads standard error: there is no other place to say it.
  }
}
