import { longestTimer } from '../assertions.js';

/** Minimum rate of a transfer in bytes per second; a slower one counts as stuck. */
const slowestTransfer = 32 * 1024;

/**
 * Milliseconds one attempt may take: the timeout plus the time its body takes on a slow link.
 *
 * @param trafficLimit Maximum rate of the store in bits per second.
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
