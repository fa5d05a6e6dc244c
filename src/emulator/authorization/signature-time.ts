import { OssError } from '../protocol/oss-error.js';
import { isValidDate } from './signing-date.js';

/** Largest accepted difference between the clocks of client and server, in milliseconds. */
const maxSkew = 15 * 60 * 1000;

/**
 * Checks that a request was signed within 15 minutes of `now`.
 *
 * @param signedAt An invalid date if the request has none.
 * @throws {OssError} If the date is invalid or too far from `now`.
 */
export function assertRecent(signedAt: Date, now: Date): void {
  if (!isValidDate(signedAt)) {
    throw new OssError(403, 'AccessDenied', 'OSS authentication requires a valid Date.', {
      ec: '0002-00000503',
    });
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

/**
 * Checks that the validity of a signature has begun.
 *
 * @see https://www.alibabacloud.com/help/en/oss/support/0002-00000235
 * @throws {OssError} If `signedAt` is more than 15 minutes after `now`.
 */
export function assertBegun(signedAt: Date, now: Date): void {
  if (signedAt.getTime() - now.getTime() <= maxSkew) return;
  throw new OssError(403, 'AccessDenied', 'Request is not valid yet.', { ec: '0002-00000235' });
}

export interface Expiry {
  /** Milliseconds since the epoch, inclusive. */
  readonly expires: number;

  /** OSS's diagnostic number of the refusal, which depends on the version of the signature. */
  readonly ec: string;
}

/** @throws {OssError} If `now` is after `expires`. */
export function assertUnexpired({ expires, ec }: Expiry, now: Date): void {
  if (now.getTime() <= expires) return;
  throw new OssError(403, 'AccessDenied', 'Request has expired.', {
    ec,
    extras: { Expires: new Date(expires).toISOString(), ServerTime: now.toISOString() },
  });
}
