import { invalidValue } from '../protocol/oss-error.js';

const bucketLists = ['private', 'public-read', 'public-read-write'];
const objectLists = ['default', ...bucketLists];

/**
 * Reads the access control list for an object; `'default'` is that of the bucket.
 *
 * @throws {OssError} If its value is unknown.
 * @see https://help.aliyun.com/zh/oss/developer-reference/putobjectacl
 */
export function readObjectAcl(headers: ReadonlyMap<string, string>): string {
  return readAcl(headers, 'x-oss-object-acl', objectLists) ?? 'default';
}

/**
 * Reads the access control list for a new bucket.
 *
 * @throws {OssError} If its value is unknown.
 * @see https://help.aliyun.com/zh/oss/developer-reference/putbucket
 */
export function readBucketAcl(headers: ReadonlyMap<string, string>): string {
  return readAcl(headers, 'x-oss-acl', bucketLists) ?? 'private';
}

function readAcl(
  headers: ReadonlyMap<string, string>,
  name: string,
  allowed: readonly string[],
): string | undefined {
  const acl = headers.get(name);
  if (acl !== undefined && !allowed.includes(acl)) throw invalidValue(name, acl);
  return acl;
}
