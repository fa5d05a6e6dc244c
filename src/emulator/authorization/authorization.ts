import { accessDenied, invalidArgument, OssError } from '../protocol/oss-error.js';
import { type OssRequest, queryValue } from '../protocol/request.js';
import { readHeaderV1 } from './header-signature-v1.js';
import { readHeaderV4 } from './header-signature-v4.js';
import { parametersV1, readQueryV1 } from './query-signature-v1.js';
import { readQueryV4, versionParameter } from './query-signature-v4.js';
import type { SignatureClaim } from './signature-claim.js';

/** A key pair, with its token if it is temporary. */
export interface EmulatorCredentials {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;

  /** If set, requests must carry this token; otherwise any token is accepted. */
  readonly securityToken?: string;
}

export interface AuthorizationOptions {
  readonly credentials: EmulatorCredentials;
  readonly region: string;
  readonly now: Date;

  /** Throws if the bucket is invalid or missing: OSS checks this before the key id. */
  readonly assertBucket: () => void;
}

/** Tried in order; each returns `undefined` for a request that is signed another way. */
const readers = [readHeaderV4, readHeaderV1, readQueryV4, readQueryV1];

/**
 * Checks who signed a request and when.
 *
 * @throws {OssError} If the request is not signed, or not with these credentials, or the signature
 *   is not valid at this time.
 */
export function authorize(request: OssRequest, options: AuthorizationOptions): void {
  const claim = readClaim(request, options);
  const { accessKeyId, accessKeySecret, securityToken } = options.credentials;
  options.assertBucket();
  if (claim.accessKeyId !== accessKeyId) {
    throw new OssError(
      403,
      'InvalidAccessKeyId',
      'The OSS Access Key Id you provided does not exist in our records.',
      { ec: '0002-00000902', extras: { OSSAccessKeyId: claim.accessKeyId } },
    );
  }
  claim.assertTimely(options.now);
  assertSignature(claim, accessKeySecret);
  if (securityToken !== undefined) assertToken(request, securityToken);
}

/** Whether a request has a signature. */
export function isSigned(request: OssRequest): boolean {
  return request.headers.has('authorization') || isQuerySigned(request);
}

function readClaim(
  request: OssRequest,
  { region, assertBucket }: AuthorizationOptions,
): SignatureClaim {
  const hasHeader = request.headers.has('authorization');
  if (hasHeader && isQuerySigned(request)) {
    throw invalidArgument('The signature must not be in both the header and the URL.', {
      ec: '0002-00000039',
    });
  }
  for (const read of readers) {
    const claim = read(request, region);
    if (claim !== undefined) return claim;
  }
  if (hasHeader) throw invalidArgument('Authorization header is invalid.', { ec: '0002-00000061' });
  assertBucket();
  throw accessDenied('You have no right to access this object because of bucket acl.');
}

function isQuerySigned(request: OssRequest): boolean {
  const names = [versionParameter, ...parametersV1];
  return names.some((name) => queryValue(request, name) !== undefined);
}

function assertSignature(claim: SignatureClaim, accessKeySecret: string): void {
  const expected = claim.expect(accessKeySecret);
  const accepted = [expected, ...(claim.alternatives?.(accessKeySecret) ?? [])];
  if (accepted.some(({ signature }) => claim.signature === signature)) return;
  const { stringToSign, canonicalRequest } = expected;
  throw new OssError(
    403,
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    {
      ec: '0002-00000040',
      extras: {
        OSSAccessKeyId: claim.accessKeyId,
        SignatureProvided: claim.signature,
        StringToSign: stringToSign,
        ...(canonicalRequest === undefined ? {} : { CanonicalRequest: canonicalRequest }),
      },
    },
  );
}

function assertToken(request: OssRequest, securityToken: string): void {
  if (tokenOf(request) === securityToken) return;
  throw new OssError(403, 'InvalidSecurityToken', 'The security token you provided is invalid.', {
    ec: '0002-00000006',
  });
}

/** Version 4 renamed the parameter, but version 1 of the Java SDK signs URLs with the old name. */
function tokenOf(request: OssRequest): string | undefined {
  return (
    request.headers.get('x-oss-security-token') ??
    queryValue(request, 'x-oss-security-token') ??
    queryValue(request, 'security-token')
  );
}
