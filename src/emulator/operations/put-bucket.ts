import { readBucketAcl } from '../objects/access-control.js';
import { invalidValue, OssError } from '../protocol/oss-error.js';
import { maxXmlSize, parseXmlBody, textOf } from '../protocol/xml-body.js';
import type { Content } from '../storage/content.js';
import type { Operation } from './operation.js';

const storageClasses = ['Standard', 'IA', 'Archive', 'ColdArchive', 'DeepColdArchive'];

/** @see https://help.aliyun.com/zh/oss/developer-reference/putbucket */
export const putBucket: Operation = {
  name: 'put-bucket',
  method: 'PUT',
  target: 'bucket',
  headers: ['x-oss-acl', 'x-oss-resource-group-id'],
  readsBody: true,
  maxBodySize: maxXmlSize,

  check({ request }) {
    readBucketAcl(request.headers);
  },

  async apply({ request, bucket, objects, now }, body) {
    const wantedClass = readStorageClass(body);
    await objects.createBucket(bucket, {
      createdAt: now().getTime(),
      acl: readBucketAcl(request.headers),
      ...(wantedClass === undefined ? {} : { storageClass: wantedClass }),
    });
    const { storageClass } = objects.findBucket(bucket) ?? {};
    if (wantedClass !== undefined && wantedClass !== storageClass) throw classIsFixed(bucket);
    return { status: 200, headers: { 'content-length': '0', location: `/${bucket}` } };
  },
};

function readStorageClass(body: Content): string | undefined {
  if (body.byteLength === 0) return undefined;
  const configuration = parseXmlBody(body, 'CreateBucketConfiguration');
  const storageClass = textOf(configuration, 'StorageClass');
  if (storageClass === undefined || storageClasses.includes(storageClass)) return storageClass;
  throw invalidValue('StorageClass', storageClass);
}

/** @see https://www.alibabacloud.com/help/en/oss/user-guide/http-status-code-409 */
function classIsFixed(bucket: string): OssError {
  const message = "Cannot modify existing bucket's storage class.";
  return new OssError(409, 'BucketAlreadyExists', message, { extras: { BucketName: bucket } });
}
