import { invalidValue } from '../protocol/oss-error.js';
import { type OssRequest, queryValue } from '../protocol/request.js';

const overridable = [
  'content-type',
  'content-language',
  'expires',
  'cache-control',
  'content-disposition',
  'content-encoding',
];

/**
 * The headers a GET wants instead of those the object has: `response-content-type=…` and the like.
 *
 * @throws {OssError} If a value cannot be sent in a header.
 * @see https://help.aliyun.com/zh/oss/developer-reference/getobject
 */
export function readOverrides(request: OssRequest): Record<string, string> {
  const overrides: Record<string, string> = {};
  for (const name of overridable) {
    const value = queryValue(request, `response-${name}`) ?? '';
    if (/[^\t\P{Cc}]/u.test(value)) {
      throw invalidValue(`response-${name}`, value);
    }
    // Node writes headers as Latin-1, one character for each byte.
    if (value !== '') overrides[name] = Buffer.from(value).toString('latin1');
  }
  return overrides;
}
