import { OssError } from '../protocol/oss-error.js';
import { type OssRequest, queryValue } from '../protocol/request.js';
import type { SignatureClaim } from './signature-claim.js';
import { assertUnexpired } from './signature-time.js';
import { signV1 } from './signature-v1.js';

/** Any of these marks a request as signed in the query; all three are then required. */
export const parametersV1 = ['Expires', 'OSSAccessKeyId', 'Signature'] as const;

/**
 * Reads the claim of a URL signed with version 1; `undefined` for any other URL.
 *
 * @see https://www.alibabacloud.com/help/en/oss/developer-reference/ddd-signatures-to-urls
 * @throws {OssError} If a parameter is missing or malformed.
 */
export function readQueryV1(request: OssRequest): SignatureClaim | undefined {
  if (parametersV1.every((name) => queryValue(request, name) === undefined)) return undefined;
  const date = parameterOf(request, 'Expires');
  if (!/^\d+$/.test(date)) {
    throw new OssError(403, 'AccessDenied', 'Invalid date (should be seconds since epoch).', {
      ec: '0002-00000070',
    });
  }
  const expires = Number(date) * 1000;
  return {
    accessKeyId: parameterOf(request, 'OSSAccessKeyId'),
    signature: parameterOf(request, 'Signature'),
    assertTimely: (now) => assertUnexpired({ expires, ec: '0002-00000069' }, now),
    expect: (accessKeySecret) => signV1({ ...request, date }, accessKeySecret),
  };
}

/** @see https://help.aliyun.com/en/oss/user-guide/0002-00000067 and the following pages */
const numbers = {
  Expires: { missing: '0002-00000067', empty: '0002-00000068' },
  OSSAccessKeyId: { missing: '0002-00000071', empty: '0002-00000072' },
  Signature: { missing: '0002-00000074', empty: '0002-00000075' },
} as const;

function parameterOf(request: OssRequest, name: (typeof parametersV1)[number]): string {
  const value = queryValue(request, name);
  if (value) return value;
  throw new OssError(
    403,
    'AccessDenied',
    'Query string authentication requires the Signature, Expires and OSSAccessKeyId parameters.',
    { ec: value === undefined ? numbers[name].missing : numbers[name].empty },
  );
}
