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
 * Reads the headers that a GET overrides by parameters such as `response-content-type`.
 *
 * @throws {OssError} If a value has control characters.
 * @see https://help.aliyun.com/zh/oss/developer-reference/getobject
 */
export function readOverrides(request: OssRequest): Record<string, string> {
  const overrides: Record<string, string> = {};
  for (const name of overridable) {
    const value = queryValue(request, `response-${name}`) ?? '';
    if (/[^\t\P{Cc}]/u.test(value)) {
      throw invalidValue(`response-${name}`, value);
    }
    // Node writes headers as Latin-1: one character per byte of UTF-8.
    if (value !== '') overrides[name] = Buffer.from(value).toString('latin1');
  }
  return overrides;
}
