import { readObjectAcl } from '../access-control.js';
import { noSuchKey } from '../oss-error.js';
import type { Operation } from './operation.js';

/** @see https://help.aliyun.com/zh/oss/developer-reference/putobjectacl */
export const putObjectAcl: Operation = {
  name: 'put-object-acl',
  method: 'PUT',
  target: 'object',
  flag: 'acl',
  readsBody: false,

  check({ request }) {
    readObjectAcl(request.headers);
  },

  async apply({ request, bucket, key, objects }) {
    const acl = readObjectAcl(request.headers);
    await objects.exclusively(bucket, key, async (object) => {
      if (object.record === undefined) throw noSuchKey(key);
      await object.setAttributes({ ...object.record.attributes, acl });
    });
    return { status: 200, headers: { 'content-length': '0' } };
  },
};
