import type { Operation } from './operation.js';

/** @see https://help.aliyun.com/zh/oss/developer-reference/putbucket */
export const putBucket: Operation = {
  name: 'put-bucket',
  method: 'PUT',
  target: 'bucket',
  readsBody: false,

  async apply({ bucket, objects }) {
    await objects.createBucket(bucket);
    return { status: 200, headers: { 'content-length': '0', location: `/${bucket}` } };
  },
};
