import type { SavedBytes } from '../../recovery/saved-bytes.js';
import { UsageError } from '../exit-code.js';
import { type ObjectUrl, parseObjectUrl } from './object-url.js';

/** The object that saved bytes go to, and what is known of their place in it. */
export interface ReplayTarget {
  readonly url: ObjectUrl;

  /** With the bucket and the key of `url`. */
  readonly saved: SavedBytes;
}

/**
 * Finds the object that saved bytes go to: the one that is named, or else the one they were for.
 *
 * In another object than that they have no place yet, and none of them has landed.
 *
 * @throws {UsageError} If none is named, and the file names no bucket.
 */
export function findTarget(
  path: string,
  saved: SavedBytes,
  named: ObjectUrl | undefined,
): ReplayTarget {
  if (named === undefined) {
    const { bucket, key } = saved;
    if (bucket === undefined) {
      throw new UsageError(`"${path}" names no bucket: add oss://bucket/key behind it.`);
    }
    return { url: parseObjectUrl(`oss://${bucket}/${key}`), saved };
  }
  const { bucket, key } = named;
  const isSame = key === saved.key && (saved.bucket ?? bucket) === bucket;
  if (isSame) return { url: named, saved: { ...saved, bucket } };
  const nowhere = { position: undefined, doubtful: 0, landed: 0, replay: undefined };
  return { url: named, saved: { ...saved, bucket, key, ...nowhere } };
}
