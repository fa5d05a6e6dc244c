import { invalidArgument, type OssError } from '../protocol/oss-error.js';
import { type OssRequest, queryValue } from '../protocol/request.js';
import { readAdditionalHeaders } from './additional-headers.js';
import { assertScope, type CredentialV4, parseCredential } from './credential-v4.js';
import type { SignatureClaim } from './signature-claim.js';
import { assertBegun, assertUnexpired } from './signature-time.js';
import { algorithmV4, signV4 } from './signature-v4.js';
import { isValidDate, parseBasicDate } from './signing-date.js';

/** Marks a request as signed in the query; URLs of version 1 do not have it. */
export const versionParameter = 'x-oss-signature-version';

/** Longest validity of a signature in seconds. */
const maxLifetime = 7 * 24 * 60 * 60;

/**
 * Reads the claim of a URL signed with version 4; `undefined` for any other URL.
 *
 * @see https://help.aliyun.com/zh/oss/developer-reference/add-signatures-to-urls
 * @throws {OssError} If a parameter is missing or malformed, or for another region or product.
 */
export function readQueryV4(request: OssRequest, region: string): SignatureClaim | undefined {
  const version = queryValue(request, versionParameter);
  if (version === undefined) return undefined;
  if (version !== algorithmV4) throw invalid(versionParameter, '0002-00000066');
  const lifetime = lifetimeOf(request);
  const credential = credentialOf(request);
  assertScope(credential, region, 'x-oss-credential parameter');
  const timestamp = timestampOf(request, credential);
  const signature = queryValue(request, 'x-oss-signature');
  if (!signature) throw invalid('x-oss-signature');
  const list = queryValue(request, 'x-oss-additional-headers');
  const additionalHeaders = readAdditionalHeaders(list, request, {
    blank: '0002-00000076',
    emptyName: '0002-00000077',
    absent: undefined,
  });
  const input = {
    ...request,
    query: request.query.filter(([name]) => name !== 'x-oss-signature'),
    additionalHeaders,
    timestamp,
    payload: 'UNSIGNED-PAYLOAD',
    scope: credential,
  };
  const signedAt = parseBasicDate(timestamp);
  const expires = signedAt.getTime() + lifetime * 1000;
  return {
    accessKeyId: credential.accessKeyId,
    signature,
    assertTimely: (now) => {
      assertBegun(signedAt, now);
      assertUnexpired({ expires, ec: '0002-00000236' }, now);
    },
    expect: (accessKeySecret) => signV4(input, accessKeySecret),
  };
}

/** @see https://help.aliyun.com/en/oss/user-guide/0002-00000232 */
function lifetimeOf(request: OssRequest): number {
  const value = queryValue(request, 'x-oss-expires');
  if (value === undefined) throw invalid('x-oss-expires', '0002-00000215');
  if (value === '') throw invalid('x-oss-expires', '0002-00000216');
  const lifetime = /^\d+$/.test(value) ? Number(value) : 0;
  if (lifetime < 1 || lifetime > maxLifetime) throw invalid('x-oss-expires', '0002-00000232');
  return lifetime;
}

/** @see https://help.aliyun.com/en/oss/user-guide/0002-00000224 */
function credentialOf(request: OssRequest): CredentialV4 {
  const value = queryValue(request, 'x-oss-credential');
  if (value === undefined) throw invalid('x-oss-credential', '0002-00000217');
  if (value === '') throw invalid('x-oss-credential', '0002-00000218');
  const credential = parseCredential(value);
  if (credential === undefined) throw invalid('x-oss-credential', '0002-00000224');
  return credential;
}

function timestampOf(request: OssRequest, credential: CredentialV4): string {
  const timestamp = queryValue(request, 'x-oss-date') ?? '';
  if (!isValidDate(parseBasicDate(timestamp))) throw invalid('x-oss-date');
  if (timestamp.startsWith(`${credential.date}T`)) return timestamp;
  throw invalidArgument('Invalid signing date in x-oss-credential parameter.', {
    ec: '0002-00000223',
  });
}

/** @param ec Omitted if OSS documents none. */
function invalid(name: string, ec?: string): OssError {
  return invalidArgument(`Invalid ${name} parameter.`, ec === undefined ? {} : { ec });
}
