import { invalidArgument, type OssError } from '../protocol/oss-error.js';
import type { OssRequest } from '../protocol/request.js';
import type { SignatureClaim } from './signature-claim.js';
import { assertRecent } from './signature-time.js';
import { signBareV1, signV1 } from './signature-v1.js';
import { isValidDate, parseBasicDate, parseHttpDate } from './signing-date.js';

const scheme = 'OSS ';

/**
 * Reads the claim of an `Authorization` header of version 1; `undefined` for any other header.
 *
 * @throws {OssError} If the header is malformed.
 */
export function readHeaderV1(request: OssRequest): SignatureClaim | undefined {
  const authorization = request.headers.get('authorization');
  if (!authorization?.startsWith(scheme)) return undefined;
  const { accessKeyId, signature } = parsePair(authorization.slice(scheme.length));
  const date = dateOf(request);
  const signedAt = parseDate(date);
  return {
    accessKeyId,
    signature,
    assertTimely: (now) => assertRecent(signedAt, now),
    expect: (accessKeySecret) => signV1({ ...request, date }, accessKeySecret),
    alternatives: (accessKeySecret) => signBareV1({ ...request, date }, accessKeySecret),
  };
}

/** @see https://help.aliyun.com/en/oss/user-guide/0002-00000062 and the following pages */
function parsePair(text: string): { accessKeyId: string; signature: string } {
  const colon = text.indexOf(':');
  if (colon === -1) throw malformed('0002-00000062');
  const [accessKeyId, signature] = [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
  if (accessKeyId === '') throw malformed('0002-00000063');
  if (signature === '') throw malformed('0002-00000065');
  return { accessKeyId, signature };
}

function malformed(ec: string): OssError {
  return invalidArgument('Authorization header is invalid.', { ec });
}

/**
 * `x-oss-date` takes precedence over `Date`: some clients cannot set `Date`, and ali-oss does not.
 *
 * @see https://help.aliyun.com/document_detail/31951.htm
 */
function dateOf({ headers }: OssRequest): string {
  return headers.get('x-oss-date') ?? headers.get('date') ?? '';
}

/** SDKs send HTTP dates; OSS's page on 0002-00000503 shows `x-oss-date` in ISO 8601. */
function parseDate(text: string): Date {
  const date = parseHttpDate(text);
  return isValidDate(date) ? date : parseBasicDate(text);
}
