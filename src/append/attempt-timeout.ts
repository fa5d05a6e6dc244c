import { longestTimer } from '../assertions.js';

/** Slowest transfer that is waited for, in bytes per second; a slower one is stuck. */
const slowestTransfer = 32 * 1024;

/**
 * Milliseconds one attempt may take: the timeout, and the time its body takes on a slow link.
 *
 * @param trafficLimit Bits per second that the store lets through.
 */
export function attemptTimeout(
  requestTimeout: number,
  byteLength: number,
  trafficLimit = Number.POSITIVE_INFINITY,
): number {
  const bytesPerSecond = Math.min(slowestTransfer, trafficLimit / 8);
  const transfer = Math.ceil((byteLength / bytesPerSecond) * 1000);
  return Math.min(requestTimeout + transfer, longestTimer);
}
