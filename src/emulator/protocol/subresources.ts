import { isSignedSubresource } from '../authorization/signed-subresources.js';

/**
 * Tells whether some operation of OSS has a query parameter of this name. A request that reads with
 * one that is not emulated must not be taken for a plainer one: `GET /?regions` lists no buckets.
 * All other parameters of such a request are ignored, as OSS does.
 */
export function isSubresource(name: string): boolean {
  if (unsigned.has(name)) return true;
  return isSignedSubresource(name) && !modifiers.has(name) && !/^(response-|x-oss-)/.test(name);
}

/** Those that version 1 does not sign, or that came after it. */
const unsigned = new Set([
  ...['accessmonitor', 'archiveDirectRead', 'bucketArchiveDirectRead', 'cloudBoxes', 'httpsConfig'],
  ...['list-type', 'meta', 'select', 'tlsVersion', 'x-oss-async-process', 'x-oss-process'],
  ...['accessPointConfigForObjectProcess', 'accessPointPolicyForObjectProcess', 'csv/select'],
  ...['dataPipeline', 'json/select', 'legalHold', 'policyStatus', 'redundancyTransition'],
  ...['regions', 'retention', 'sql', 'userDefinedLogFieldsConfig', 'putVectors'],
  ...['getVectors', 'listVectors', 'queryVectors', 'deleteVectors', 'putVectorIndex'],
  ...['getVectorIndex', 'listVectorIndexes', 'deleteVectorIndex', 'putVectorBucket'],
  ...['getVectorBucket', 'listVectorBuckets', 'deleteVectorBucket'],
]);

/** Those that version 1 signs although they only say how an operation is to be done. */
const modifiers = new Set([
  ...['callback-var', 'continuation-token', 'position', 'security-token', 'sequential', 'status'],
]);
