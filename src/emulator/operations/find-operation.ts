import { OssError } from '../oss-error.js';
import type { OssRequest } from '../request.js';
import { appendObject } from './append-object.js';
import { deleteObject } from './delete-object.js';
import { getObject } from './get-object.js';
import { headObject } from './head-object.js';
import type { Operation } from './operation.js';
import { putBucket } from './put-bucket.js';
import { putObject } from './put-object.js';
import { sealAppendObject } from './seal-append-object.js';

const operations: readonly Operation[] = [
  appendObject,
  sealAppendObject,
  putObject,
  getObject,
  headObject,
  deleteObject,
  putBucket,
];

/** The operation a request asks for; `undefined` for one that is not emulated. */
export function findOperation(request: OssRequest): Operation | undefined {
  const flags = request.query.map(([name]) => name).filter((name) => subresources.has(name));
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

/** Query names that make another operation of a request; all others are ignored, as OSS does. */
const subresources = new Set([
  ...[
    'acl',
    'append',
    'asyncFetch',
    'bucketInfo',
    'callback',
    'comp',
    'cors',
    'delete',
    'encryption',
  ],
  ...[
    'group',
    'inventory',
    'lifecycle',
    'list-type',
    'live',
    'location',
    'logging',
    'meta',
    'objectMeta',
  ],
  ...['partNumber', 'policy', 'qos', 'referer', 'replication', 'requestPayment', 'restore', 'seal'],
  ...['select', 'stat', 'style', 'symlink', 'tagging', 'uploadId', 'uploads', 'versioning'],
  ...['versionId', 'versions', 'vod', 'website', 'worm', 'x-oss-process'],
]);
