import { count } from '../quantity.js';
import { type SavedOrigin, saveUncommitted } from '../recovery/saved-file.js';
import { shellCommand } from '../shell-command.js';
import type { UncommittedBytes } from '../stream/uncommitted-bytes.js';
import { objectName, printNotice } from './standard-error.js';

/** Where the bytes come from, and the file to save them in. */
export interface SaveOnFailureOptions extends SavedOrigin {
  readonly fallback: string | undefined;
}

/** Saves uncommitted bytes in a file, and prints one line about it to standard error. */
export function saveOnFailure(
  uncommitted: UncommittedBytes,
  why: string,
  { fallback, ...origin }: SaveOnFailureOptions,
): void {
  const where = objectName(origin.bucket, uncommitted.key);
  const doubt = uncommitted.confirmed
    ? ''
    : ', the first of which may be in the object or still get there';
  const bytes = count(uncommitted.bytes.byteLength, 'byte');
  const what = `${bytes} for ${where} could not be committed${doubt} (${why})`;
  let outcome: string;
  try {
    const path = saveUncommitted(uncommitted, origin, fallback);
    // The bucket of a given client is unknown, so that the file does not name it.
    const target = origin.bucket === undefined ? [`oss://BUCKET/${uncommitted.key}`] : [];
    const command = shellCommand(['oss-append', 'replay', path, ...target]);
    outcome = `saved to ${path}${command === undefined ? '' : `; to append them: ${command}`}`;
  } catch (error) {
    outcome = `they are lost because no file could be written: ${(error as Error).message}`;
  }
  printNotice(`${what}; ${outcome}`);
}
