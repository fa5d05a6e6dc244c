import { OssError } from '../protocol/oss-error.js';
import type { Operation } from './operation.js';

/** @see https://help.aliyun.com/zh/oss/developer-reference/deletebucket */
export const deleteBucket: Operation = {
  name: 'delete-bucket',
  method: 'DELETE',
  target: 'bucket',
  readsBody: false,

  async apply({ bucket, objects }) {
    if (await objects.deleteBucket(bucket)) return { status: 204, headers: {} };
    throw new OssError(409, 'BucketNotEmpty', 'The bucket you tried to delete is not empty.', {
      extras: { BucketName: bucket },
    });
  },
};
