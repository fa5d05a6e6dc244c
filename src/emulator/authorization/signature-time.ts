import { OssError } from '../protocol/oss-error.js';
import { isValidDate } from './signing-date.js';

/** Milliseconds by which the clock of a client may be off. */
const maxSkew = 15 * 60 * 1000;

/**
 * Refuses a request that was not signed just now.
 *
 * @param signedAt An invalid date if the request does not say.
 * @throws {OssError} If there is no such date, or it is too far off.
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
 * Refuses a request whose signature was good for a time that has not come yet.
 *
 * @see https://www.alibabacloud.com/help/en/oss/support/0002-00000235
 * @throws {OssError} If it was signed later than now, by more than clocks may differ.
 */
export function assertBegun(signedAt: Date, now: Date): void {
  if (signedAt.getTime() - now.getTime() <= maxSkew) return;
  throw new OssError(403, 'AccessDenied', 'Request is not valid yet.', { ec: '0002-00000235' });
}

export interface Expiry {
  /** Milliseconds since the epoch; the signature is still good then. */
  readonly expires: number;

  /** The number that a refusal carries, which is not the same for all versions. */
  readonly ec: string;
}

/** @throws {OssError} If it is later than that. */
export function assertUnexpired({ expires, ec }: Expiry, now: Date): void {
  if (now.getTime() <= expires) return;
  throw new OssError(403, 'AccessDenied', 'Request has expired.', {
    ec,
    extras: { Expires: new Date(expires).toISOString(), ServerTime: now.toISOString() },
  });
}
