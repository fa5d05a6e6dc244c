import { invalidArgument, invalidValue } from '../protocol/oss-error.js';
import { type OssRequest, queryValue } from '../protocol/request.js';

const name = 'x-oss-traffic-limit';

/**
 * Accepted limits in bits per second. The page gives a minimum of 819,200, but official SDKs give
 * 245,760; the lower one is used, so that no limit is refused here that OSS accepts.
 *
 * @see https://help.aliyun.com/en/oss/user-guide/single-connection-bandwidth-throttling-4
 */
const range = { minimum: 245_760, maximum: 838_860_800 };

/**
 * Checks the traffic limit of a request, in a header or the query. The emulator does not apply it.
 *
 * @throws {OssError} If it is out of range, or in both the header and the query.
 * @see https://help.aliyun.com/en/oss/user-guide/0004-00000501
 */
export function assertTrafficLimit(request: OssRequest): void {
  const inHeader = request.headers.get(name);
  const inQuery = queryValue(request, name);
  if (inHeader !== undefined && inQuery !== undefined) {
    throw invalidArgument(`You can set ${name} in a header or in the query, not in both.`, {
      ec: '0004-00000501',
    });
  }
  const value = inHeader ?? inQuery;
  if (value === undefined) return;
  const limit = /^\d{1,10}$/.test(value) ? Number(value) : 0;
  if (limit < range.minimum || limit > range.maximum) throw invalidValue(name, value);
}
