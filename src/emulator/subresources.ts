import { isSignedSubresource } from './signed-subresources.js';

/**
 * Tells whether a query parameter makes another operation of a request. A request with one that is
 * not emulated must not be taken for a plainer one: `DELETE /bucket/?policy` deletes no bucket. All
 * other parameters are ignored, as OSS does.
 */
export function isSubresource(name: string): boolean {
  if (unsigned.has(name)) return true;
  return isSignedSubresource(name) && !modifiers.has(name) && !/^(response-|x-oss-)/.test(name);
}

/** Those that version 1 does not sign. */
const unsigned = new Set([
  ...['accessmonitor', 'archiveDirectRead', 'bucketArchiveDirectRead', 'cloudBoxes', 'httpsConfig'],
  ...['list-type', 'meta', 'select', 'tlsVersion', 'x-oss-async-process', 'x-oss-process'],
]);

/** Those that version 1 signs although they only say how an operation is to be done. */
const modifiers = new Set([
  ...['callback-var', 'continuation-token', 'position', 'security-token', 'sequential', 'status'],
]);
