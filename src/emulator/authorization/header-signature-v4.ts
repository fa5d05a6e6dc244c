import { invalidArgument, type OssError } from '../protocol/oss-error.js';
import type { OssRequest } from '../protocol/request.js';
import { readAdditionalHeaders } from './additional-headers.js';
import { assertScope, parseCredential } from './credential-v4.js';
import type { SignatureClaim } from './signature-claim.js';
import { assertRecent } from './signature-time.js';
import { algorithmV4, signV4 } from './signature-v4.js';
import { isValidDate, parseBasicDate, parseHttpDate } from './signing-date.js';

/**
 * Reads the claim of an `Authorization` header of version 4; `undefined` for any other header.
 *
 * @throws {OssError} If the header is malformed, or for another region or product.
 */
export function readHeaderV4(request: OssRequest, region: string): SignatureClaim | undefined {
  const authorization = request.headers.get('authorization');
  if (!authorization?.startsWith(algorithmV4)) return undefined;
  const fields = parseFields(authorization.slice(algorithmV4.length));
  const credential = parseCredential(fields.get('Credential') ?? '');
  const signature = fields.get('Signature');
  if (credential === undefined || !signature) {
    throw malformed('Invalid Authorization header.');
  }
  const payload = request.headers.get('x-oss-content-sha256') ?? '';
  if (payload !== 'UNSIGNED-PAYLOAD') {
    throw invalidArgument('Invalid x-oss-content-sha256 header, it must be UNSIGNED-PAYLOAD.', {
      ec: '0002-00000214',
    });
  }
  assertScope(credential, region, 'Authorization header');
  const { timestamp, signedAt } = timeOf(request);
  if (isValidDate(signedAt) && !basicDateOf(signedAt).startsWith(`${credential.date}T`)) {
    throw malformed('Invalid signing date in Authorization header.');
  }
  const additionalHeaders = readAdditionalHeaders(fields.get('AdditionalHeaders'), request, {
    blank: '0002-00000209',
    emptyName: '0002-00000210',
    absent: '0002-00000211',
  });
  const input = { ...request, additionalHeaders, timestamp, payload, scope: credential };
  return {
    accessKeyId: credential.accessKeyId,
    signature,
    assertTimely: (now) => assertRecent(signedAt, now),
    expect: (accessKeySecret) => signV4(input, accessKeySecret),
  };
}

function malformed(message: string): OssError {
  return invalidArgument(message, { ec: '0002-00000202' });
}

function parseFields(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const field of text.split(',')) {
    const [name = '', ...value] = field.trim().split('=');
    fields.set(name, value.join('='));
  }
  return fields;
}

/**
 * `x-oss-date` and `Date` have different forms; without `x-oss-date`, the value of `Date` is signed
 * unchanged.
 *
 * @see https://help.aliyun.com/en/oss/user-guide/0002-00000502
 * @see https://github.com/aliyun/aliyun-oss-go-sdk/blob/master/oss/auth.go, which sends only `Date`
 */
function timeOf({ headers }: OssRequest): { timestamp: string; signedAt: Date } {
  const ossDate = headers.get('x-oss-date');
  if (ossDate !== undefined) return { timestamp: ossDate, signedAt: parseBasicDate(ossDate) };
  const date = headers.get('date') ?? '';
  return { timestamp: date, signedAt: parseHttpDate(date) };
}

function basicDateOf(date: Date): string {
  return date.toISOString().replace(/[-:]|\.\d+/g, '');
}
