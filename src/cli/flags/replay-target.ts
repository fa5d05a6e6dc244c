import type { SavedBytes } from '../../recovery/saved-bytes.js';
import { UsageError } from '../exit-code.js';
import { hrefOf, type ObjectUrl, parseObjectUrl } from './object-url.js';

/** The object that saved bytes go to, and what is known about their position in it. */
export interface ReplayTarget {
  readonly url: ObjectUrl;

  /** With the bucket and the key of `url`. */
  readonly saved: SavedBytes;
}

/**
 * Finds the object that saved bytes go to: the one named on the command line, or else in the file.
 *
 * In any object other than the one in the file they have no position yet, and none is committed.
 *
 * @throws {UsageError} If neither the command line nor the file names a bucket.
 */
export function findTarget(
  path: string,
  saved: SavedBytes,
  named: ObjectUrl | undefined,
): ReplayTarget {
  if (named === undefined) {
    const { bucket, key } = saved;
    if (bucket === undefined) {
      throw new UsageError(`"${path}" does not name a bucket: add oss://bucket/key after it.`);
    }
    return { url: parseObjectUrl(hrefOf(bucket, key)), saved };
  }
  const { bucket, key } = named;
  const isSame = key === saved.key && (saved.bucket ?? bucket) === bucket;
  if (isSame) return { url: named, saved: { ...saved, bucket } };
  const unplaced = { position: undefined, doubtful: 0, landed: 0, replay: undefined };
  const alone = { template: undefined, conflict: undefined };
  return { url: named, saved: { ...saved, bucket, key, ...unplaced, ...alone } };
}
