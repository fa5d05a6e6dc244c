import { isSignedSubresource } from '../authorization/signed-subresources.js';

/**
 * Whether a query parameter selects an operation of OSS. If a read has one that is not emulated, it
 * must not be treated as another operation: `GET /?regions` does not list buckets. All other
 * parameters of a read are ignored, as in OSS.
 */
export function isSubresource(name: string): boolean {
  if (unsigned.has(name)) return true;
  return isSignedSubresource(name) && !modifiers.has(name) && !/^(response-|x-oss-)/.test(name);
}

/** Subresources that version 1 does not sign, or that are newer. */
const unsigned = new Set([
  'accessmonitor',
  'archiveDirectRead',
  'bucketArchiveDirectRead',
  'cloudBoxes',
  'httpsConfig',
  'list-type',
  'meta',
  'select',
  'tlsVersion',
  'x-oss-async-process',
  'x-oss-process',
  'accessPointConfigForObjectProcess',
  'accessPointPolicyForObjectProcess',
  'csv/select',
  'dataPipeline',
  'json/select',
  'legalHold',
  'policyStatus',
  'redundancyTransition',
  'regions',
  'retention',
  'sql',
  'userDefinedLogFieldsConfig',
  'putVectors',
  'getVectors',
  'listVectors',
  'queryVectors',
  'deleteVectors',
  'putVectorIndex',
  'getVectorIndex',
  'listVectorIndexes',
  'deleteVectorIndex',
  'putVectorBucket',
  'getVectorBucket',
  'listVectorBuckets',
  'deleteVectorBucket',
]);

/** Parameters that version 1 signs although they do not select an operation. */
const modifiers = new Set([
  'callback-var',
  'continuation-token',
  'position',
  'security-token',
  'sequential',
  'status',
]);
