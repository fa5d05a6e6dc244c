import { count } from '../quantity.js';
import { saveUncommitted } from '../recovery/saved-file.js';
import { shellWord } from '../shell-word.js';
import type { UncommittedBytes } from '../stream/uncommitted-bytes.js';
import { objectName, printNotice } from './standard-error.js';

/** Where the bytes belong, and where to keep them. */
export interface SaveOnFailureOptions {
  readonly bucket: string | undefined;
  readonly fallback: string | undefined;
}

/** Saves what could not be committed in a file, and says so on standard error in one line. */
export function saveOnFailure(
  uncommitted: UncommittedBytes,
  why: string,
  options: SaveOnFailureOptions,
): void {
  const { bucket, fallback } = options;
  const where = objectName(bucket, uncommitted.key);
  const doubt = uncommitted.confirmed ? '' : ', the first of which may be there all the same';
  const bytes = count(uncommitted.bytes.byteLength, 'byte');
  const what = `${bytes} for ${where} could not be committed${doubt} (${why})`;
  let outcome: string;
  try {
    const path = saveUncommitted(uncommitted, { bucket }, fallback);
    outcome = `saved to ${path}; to append them: oss-append replay ${shellWord(path)}`;
  } catch (error) {
    outcome = `they are lost, as no file could be written: ${(error as Error).message}`;
  }
  printNotice(`${what}; ${outcome}`);
}
