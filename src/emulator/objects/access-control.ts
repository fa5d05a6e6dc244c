import { invalidValue } from '../protocol/oss-error.js';

const bucketLists = ['private', 'public-read', 'public-read-write'];
const objectLists = ['default', ...bucketLists];

/**
 * The access control list a request wants for an object; `'default'` is the bucket's.
 *
 * @throws {OssError} If it is none.
 * @see https://help.aliyun.com/zh/oss/developer-reference/putobjectacl
 */
export function readObjectAcl(headers: ReadonlyMap<string, string>): string {
  return readAcl(headers, 'x-oss-object-acl', objectLists) ?? 'default';
}

/**
 * The access control list a request wants for a bucket it creates.
 *
 * @throws {OssError} If it is none.
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
