import { readRange } from '../checks/byte-range.js';
import { answerUnmet } from '../checks/precondition.js';
import { readOverrides } from '../checks/response-overrides.js';
import { assertTrafficLimit } from '../checks/traffic-limit.js';
import { objectHeaders } from '../objects/object-headers.js';
import { noSuchKey } from '../protocol/oss-error.js';
import type { Operation } from './operation.js';

/** @see https://help.aliyun.com/zh/oss/developer-reference/getobject */
export const getObject: Operation = {
  name: 'get',
  method: 'GET',
  target: 'object',
  readsBody: false,

  check({ request }) {
    assertTrafficLimit(request);
    readOverrides(request);
  },

  async apply({ request, bucket, key, objects }) {
    const record = objects.find(bucket, key);
    if (record === undefined) throw noSuchKey(key);
    const unmet = answerUnmet(request.headers, record);
    if (unmet !== undefined) return unmet;
    const { length } = record;
    const isStandard = request.headers.get('x-oss-range-behavior') === 'standard';
    const range = readRange(request.headers.get('range'), length, isStandard ? 'standard' : 'oss');
    const { start, end } = range ?? { start: 0, end: length };
    const headers = {
      ...objectHeaders(record),
      ...readOverrides(request),
      // Behind `content-disposition`, which Node would otherwise decode as UTF-8 and refuse.
      'content-length': String(end - start),
    };
    const body = objects.read(bucket, key, { start, end });
    if (range === undefined) return { status: 200, headers, body };
    const contentRange = `bytes ${start}-${end - 1}/${length}`;
    return { status: 206, headers: { ...headers, 'content-range': contentRange }, body };
  },
};
