import { OssError } from '../protocol/oss-error.js';
import type { OssRequest } from '../protocol/request.js';
import { isModifier, tellingHeaders } from '../protocol/request-terms.js';
import { isSubresource } from '../protocol/subresources.js';
import { appendObject } from './append-object.js';
import { deleteBucket } from './delete-bucket.js';
import { deleteMultipleObjects } from './delete-multiple-objects.js';
import { deleteObject } from './delete-object.js';
import { getBucketAcl } from './get-bucket-acl.js';
import { getBucketInfo } from './get-bucket-info.js';
import { getBucketLocation } from './get-bucket-location.js';
import { getObject } from './get-object.js';
import { getObjectAcl } from './get-object-acl.js';
import { getObjectTagging } from './get-object-tagging.js';
import { headObject } from './head-object.js';
import { listBuckets } from './list-buckets.js';
import { listLiveChannels } from './list-live-channels.js';
import { listMultipartUploads } from './list-multipart-uploads.js';
import { listObjectVersions } from './list-object-versions.js';
import { listObjects } from './list-objects.js';
import { listObjectsV2 } from './list-objects-v2.js';
import { getObjectMeta, headObjectMeta } from './object-meta.js';
import type { Operation } from './operation.js';
import { putBucket } from './put-bucket.js';
import { putObject } from './put-object.js';
import { putObjectAcl } from './put-object-acl.js';
import { sealAppendObject } from './seal-append-object.js';

const operations: readonly Operation[] = [
  appendObject,
  sealAppendObject,
  putObject,
  getObject,
  headObject,
  deleteObject,
  deleteMultipleObjects,
  headObjectMeta,
  getObjectMeta,
  getObjectAcl,
  putObjectAcl,
  getObjectTagging,
  putBucket,
  deleteBucket,
  getBucketAcl,
  getBucketInfo,
  getBucketLocation,
  listObjects,
  listObjectVersions,
  listObjectsV2,
  listBuckets,
  listMultipartUploads,
  listLiveChannels,
];

/**
 * Finds the operation of a request; `undefined` if the emulator does not implement it.
 *
 * A request that changes data must have no parameter that its operation does not know: without this
 * rule, `PUT /bucket/log?legalHold` would replace the log. A request that reads may have parameters
 * that OSS ignores, such as `?t=123` against caches.
 */
export function findOperation(request: OssRequest): Operation | undefined {
  const target = targetOf(request);
  return operations.find(
    (operation) =>
      operation.method === request.method &&
      operation.target === target &&
      (isReader(operation) ? isReadBy(operation, request) : isKnownTo(operation, request)),
  );
}

function isReader({ method }: Operation): boolean {
  return method === 'GET' || method === 'HEAD';
}

function isReadBy({ flag }: Operation, request: OssRequest): boolean {
  // With a callback the client expects the answer of its own server.
  if (request.headers.has('x-oss-callback')) return false;
  return isExactly(namesOf(request).filter(isSubresource), flag);
}

function isKnownTo({ flag, parameters = [], headers = [] }: Operation, request: OssRequest) {
  const names = namesOf(request).filter((name) => !isModifier(name) && !parameters.includes(name));
  return isExactly(names, flag) && tellingHeaders(request).every((name) => isAmong(headers, name));
}

/** The names in the query, except the version `null`, which every object without versions has. */
function namesOf({ query }: OssRequest): string[] {
  return query
    .filter(([name, value]) => name !== 'versionId' || value !== 'null')
    .map(([name]) => name);
}

function isExactly(names: readonly string[], flag: string | undefined): boolean {
  return flag === undefined ? names.length === 0 : names.length === 1 && names[0] === flag;
}

function isAmong(known: readonly string[], name: string): boolean {
  return known.some((it) => (it.endsWith('*') ? name.startsWith(it.slice(0, -1)) : it === name));
}

/** The answer if {@link findOperation} finds no operation. */
export function notImplemented(): OssError {
  // 400 instead of 501: SDKs retry after a 5xx.
  return new OssError(400, 'NotImplemented', 'The emulator does not implement this operation.');
}

function targetOf({ bucket, key }: OssRequest): Operation['target'] {
  if (bucket === undefined) return 'service';
  return key === undefined ? 'bucket' : 'object';
}
