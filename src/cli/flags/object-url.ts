import { assertBucketName } from '../../oss/endpoint.js';
import { assertObjectKey } from '../../oss/request/object-key.js';
import { UsageError } from '../exit-code.js';

/** What `oss://bucket/key` names. */
export interface ObjectUrl {
  readonly bucket: string;
  readonly key: string;

  /** As it was typed. */
  readonly href: string;
}

const scheme = 'oss://';

/** Whether an argument is meant as the address of an object, well-formed or not. */
export function isObjectUrl(argument: string): boolean {
  return argument.startsWith(scheme);
}

/**
 * Reads `oss://bucket/key`. The key is taken as it stands: nothing in it is decoded, so that `%`,
 * `?` and `#` need no care.
 *
 * @throws {UsageError} If it is none.
 */
export function parseObjectUrl(href: string): ObjectUrl {
  const [, bucket, key] = /^oss:\/\/([^/]*)\/(.+)$/s.exec(href) ?? [];
  if (bucket === undefined || key === undefined) {
    throw new UsageError(`"${href}" is not of the form oss://bucket/key.`);
  }
  try {
    assertBucketName('use it', bucket);
    assertObjectKey(key, 'use it');
  } catch (error) {
    throw new UsageError(`"${href}" names no object: ${(error as Error).message}.`);
  }
  return { bucket, key, href };
}
