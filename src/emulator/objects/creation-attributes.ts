import { invalidValue } from '../protocol/oss-error.js';
import { readObjectAcl } from './access-control.js';
import { assertEncryption } from './encryption.js';
import type { ObjectAttributes } from './object-record.js';
import { readTags } from './tagging.js';
import { assertUserMetadata } from './user-metadata.js';

/** Headers that an object keeps from the request that created it. */
const keptHeaders = [
  'content-type',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
  'x-oss-server-side-encryption',
  'x-oss-server-side-encryption-key-id',
  'x-oss-server-side-data-encryption',
];

export interface StorageClasses {
  /** Storage classes that the operation accepts. */
  readonly allowed: readonly string[];

  /** Storage class of the bucket, the default. */
  readonly inherited: string | undefined;
}

/**
 * Reads the attributes for a new object.
 *
 * @throws {OssError} If a header has a value that OSS does not accept.
 */
export function readAttributes(
  requestHeaders: ReadonlyMap<string, string>,
  { allowed, inherited = 'Standard' }: StorageClasses,
): ObjectAttributes {
  const storageClass = requestHeaders.get('x-oss-storage-class') ?? inherited;
  if (!allowed.includes(storageClass)) throw invalidValue('x-oss-storage-class', storageClass);
  assertEncryption(requestHeaders);
  assertUserMetadata(requestHeaders);
  const headers: Record<string, string> = { 'content-type': 'application/octet-stream' };
  for (const [name, value] of requestHeaders) {
    if (keptHeaders.includes(name) || name.startsWith('x-oss-meta-')) headers[name] = value;
  }
  return {
    headers,
    storageClass,
    acl: readObjectAcl(requestHeaders),
    tags: readTags(requestHeaders.get('x-oss-tagging')),
  };
}
