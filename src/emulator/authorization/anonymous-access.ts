import type { ObjectStore } from '../objects/object-store.js';
import type { Operation } from '../operations/operation.js';
import type { OssRequest } from '../protocol/request.js';
import { isSigned } from './authorization.js';

/** Operations that read one object. */
const readers = ['get', 'head', 'object-meta'];

/**
 * Whether a request needs no signature: it reads an object that is public, or one that does not
 * exist in a bucket that is public.
 *
 * @see https://help.aliyun.com/zh/oss/user-guide/object-acl
 */
export function isOpenToAll(
  request: OssRequest,
  operation: Operation | undefined,
  objects: ObjectStore,
): boolean {
  const { bucket = '', key = '' } = request;
  if (isSigned(request) || !readers.includes(operation?.name ?? '')) return false;
  const own = objects.find(bucket, key)?.attributes.acl ?? 'default';
  const acl = own === 'default' ? objects.findBucket(bucket)?.acl : own;
  return acl === 'public-read' || acl === 'public-read-write';
}
