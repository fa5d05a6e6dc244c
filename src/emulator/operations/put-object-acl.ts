import { readObjectAcl } from '../objects/access-control.js';
import { missingArgument, noSuchKey } from '../protocol/oss-error.js';
import type { Operation } from './operation.js';

/** @see https://help.aliyun.com/zh/oss/developer-reference/putobjectacl */
export const putObjectAcl: Operation = {
  name: 'put-object-acl',
  method: 'PUT',
  target: 'object',
  flag: 'acl',
  headers: ['x-oss-object-acl'],
  readsBody: false,

  check({ request }) {
    if (!request.headers.has('x-oss-object-acl')) throw missingArgument('x-oss-object-acl');
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
