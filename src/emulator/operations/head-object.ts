import { answerUnmet } from '../checks/precondition.js';
import { objectHeaders } from '../objects/object-headers.js';
import { noSuchKey } from '../protocol/oss-error.js';
import type { Operation } from './operation.js';

/** @see https://help.aliyun.com/zh/oss/developer-reference/headobject */
export const headObject: Operation = {
  name: 'head',
  method: 'HEAD',
  target: 'object',
  readsBody: false,

  async apply({ request, bucket, key, objects }) {
    const record = objects.find(bucket, key);
    if (record === undefined) throw noSuchKey(key);
    const unmet = answerUnmet(request.headers, record);
    if (unmet !== undefined) return unmet;
    // The length comes behind `content-disposition`, which Node would otherwise decode and refuse.
    const headers = { ...objectHeaders(record), 'content-length': String(record.length) };
    return { status: 200, headers };
  },
};
