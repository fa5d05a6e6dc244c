import { OssError } from '../oss-error.js';
import type { OssRequest } from '../request.js';
import { isSubresource } from '../subresources.js';
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

/** The operation a request asks for; `undefined` for one that is not emulated. */
export function findOperation(request: OssRequest): Operation | undefined {
  // A copy is no object with an empty body, and who asks for a callback reads its answer.
  if (request.headers.has('x-oss-copy-source')) return undefined;
  if (request.headers.has('x-oss-callback')) return undefined;
  const flags = request.query.map(([name]) => name).filter(isSubresource);
  return operations.find(
    ({ method, target, flag }) =>
      method === request.method &&
      target === targetOf(request) &&
      (flag === undefined ? flags.length === 0 : flags.length === 1 && flags[0] === flag),
  );
}

/** What to answer where {@link findOperation} finds nothing. */
export function notImplemented(): OssError {
  // 400 and not 501: SDKs send a request that met a 5xx again.
  return new OssError(400, 'NotImplemented', 'The emulator does not implement this operation.');
}

function targetOf({ bucket, key }: OssRequest): Operation['target'] {
  if (bucket === undefined) return 'service';
  return key === undefined ? 'bucket' : 'object';
}
