import { assertBucketName } from '../../oss/endpoint.js';
import { assertObjectKey } from '../../oss/request/object-key.js';
import { UsageError } from '../exit-code.js';

/** A parsed `oss://bucket/key`. */
export interface ObjectUrl {
  readonly bucket: string;
  readonly key: string;

  /** As it was typed. */
  readonly href: string;
}

const scheme = 'oss://';

/** Whether an argument is meant as the address of an object, even if it is malformed. */
export function isObjectUrl(argument: string): boolean {
  return argument.startsWith(scheme);
}

/**
 * Parses `oss://bucket/key`. The key is taken literally, without decoding, so `%`, `?` and `#` need
 * no escaping.
 *
 * @throws {UsageError} If `href` has another form, or bucket or key is invalid.
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
    throw new UsageError(`"${href}" does not name an object: ${(error as Error).message}.`);
  }
  return { bucket, key, href };
}

/** The address of another object of the same bucket. */
export function withKey(url: ObjectUrl, key: string): ObjectUrl {
  return key === url.key ? url : { ...url, key, href: hrefOf(url.bucket, key) };
}

export function hrefOf(bucket: string, key: string): string {
  return `${scheme}${bucket}/${key}`;
}
