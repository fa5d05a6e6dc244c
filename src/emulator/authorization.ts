import { accessDenied, OssError } from './oss-error.js';
import type { OssRequest } from './request.js';
import type { SignatureClaim } from './signature-claim.js';
import { readHeaderV4 } from './signature-v4.js';

/** A key pair, and with a temporary one its token. */
export interface EmulatorCredentials {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;

  /** When given, requests must carry it; when not, any token is let through. */
  readonly securityToken?: string;
}

export interface AuthorizationOptions {
  readonly credentials: EmulatorCredentials;
  readonly region: string;
  readonly now: Date;
}

/** Milliseconds by which a request may be older or newer than the server's clock. */
const maxSkew = 15 * 60 * 1000;

/**
 * Lets a request pass or refuses it in OSS's words.
 *
 * @throws {OssError} If the request is not signed, or not with these credentials, or not lately.
 */
export function authorize(request: OssRequest, options: AuthorizationOptions): void {
  const claim = readClaim(request, options.region);
  const { accessKeyId, accessKeySecret, securityToken } = options.credentials;
  if (claim.accessKeyId !== accessKeyId) {
    throw new OssError(
      403,
      'InvalidAccessKeyId',
      'The OSS Access Key Id you provided does not exist in our records.',
      { ec: '0002-00000902', extras: { OSSAccessKeyId: claim.accessKeyId } },
    );
  }
  assertRecent(claim.signedAt, options.now);
  assertSignature(claim, accessKeySecret);
  if (securityToken !== undefined) assertToken(request, securityToken);
}

function readClaim(request: OssRequest, region: string): SignatureClaim {
  const claim = readHeaderV4(request, region);
  if (claim !== undefined) return claim;
  if (!request.headers.has('authorization')) {
    throw accessDenied('You have no right to access this object because of bucket acl.');
  }
  throw new OssError(400, 'InvalidArgument', 'Invalid Authorization header.', {
    ec: '0002-00000202',
  });
}

function assertRecent(signedAt: Date, now: Date): void {
  if (Number.isNaN(signedAt.getTime())) {
    throw new OssError(403, 'AccessDenied', 'OSS authentication requires a valid Date.');
  }
  if (Math.abs(now.getTime() - signedAt.getTime()) <= maxSkew) return;
  throw new OssError(
    403,
    'RequestTimeTooSkewed',
    'The difference between the request time and the current time is too large.',
    {
      ec: '0002-00000504',
      extras: {
        MaxAllowedSkewMilliseconds: String(maxSkew),
        RequestTime: signedAt.toISOString(),
        ServerTime: now.toISOString(),
      },
    },
  );
}

function assertSignature(claim: SignatureClaim, accessKeySecret: string): void {
  const expected = claim.expect(accessKeySecret);
  if (claim.signature === expected.signature) return;
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
  if (request.headers.get('x-oss-security-token') === securityToken) return;
  throw new OssError(403, 'InvalidSecurityToken', 'The security token you provided is invalid.', {
    ec: '0002-00000006',
  });
}
