import type { Operation } from './operation.js';

/** @see https://help.aliyun.com/zh/oss/developer-reference/deleteobject */
export const deleteObject: Operation = {
  name: 'delete',
  method: 'DELETE',
  target: 'object',
  readsBody: false,

  async apply({ bucket, key, objects }) {
    await objects.exclusively(bucket, key, (object) => object.delete());
    return { status: 204, headers: {} };
  },
};
