import { isBucketName } from '../objects/bucket-name.js';
import type { ObjectStore } from '../objects/object-store.js';
import type { Operation } from '../operations/operation.js';
import { noSuchBucket, OssError } from '../protocol/oss-error.js';
import type { OssRequest } from '../protocol/request.js';

/**
 * Checks the bucket of a request.
 *
 * @throws {OssError} If its name is invalid, or it does not exist and is not being created.
 */
export function assertBucket(
  { bucket }: OssRequest,
  operation: Operation,
  objects: ObjectStore,
): void {
  if (bucket === undefined) return;
  if (!isBucketName(bucket)) {
    throw new OssError(400, 'InvalidBucketName', 'The specified bucket is not valid.', {
      extras: { BucketName: bucket },
    });
  }
  if (operation.name !== 'put-bucket' && objects.findBucket(bucket) === undefined) {
    throw noSuchBucket(bucket);
  }
}

/**
 * Checks the key of a request.
 *
 * @throws {OssError} If the key is invalid.
 * @see https://help.aliyun.com/zh/oss/user-guide/object-naming-conventions
 */
export function assertKey({ key = '' }: OssRequest): void {
  if (Buffer.byteLength(key) > 1023) {
    const message = 'The length of object name must be less than 1024.';
    throw new OssError(400, 'InvalidObjectName', message, { ec: '0016-00000003' });
  }
  if (/^[/\\]/.test(key)) {
    const message = 'The specified object is not valid.';
    throw new OssError(400, 'InvalidObjectName', message, {
      ec: '0016-00000005',
      extras: { ObjectName: key },
    });
  }
}
