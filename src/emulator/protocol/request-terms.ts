import type { OssRequest } from './request.js';

/**
 * Query parameters that affect how a request is answered, signed or paid, but never which operation
 * it is.
 */
const modifiers = new Set([
  'encoding-type',
  'security-token',
  'callback-var',
  'x-oss-request-payer',
  'x-oss-traffic-limit',
  'x-oss-security-token',
  'x-oss-ac-source-ip',
  'x-oss-ac-subnet-mask',
  'x-oss-ac-vpc-id',
  'x-oss-ac-forward-allow',
  // Signatures in URLs, of version 1 and 4.
  'OSSAccessKeyId',
  'Expires',
  'Signature',
  'x-oss-signature-version',
  'x-oss-credential',
  'x-oss-date',
  'x-oss-expires',
  'x-oss-signature',
  'x-oss-additional-headers',
]);

/** Whether a query parameter does not change the operation of a request. */
export function isModifier(name: string): boolean {
  return modifiers.has(name) || name.startsWith('response-');
}

/** Headers that do not change the operation, as {@link modifiers}. */
const plainHeaders = new Set([
  'x-oss-date',
  'x-oss-content-sha256',
  'x-oss-security-token',
  'x-oss-user-agent',
  'x-oss-request-payer',
  'x-oss-traffic-limit',
]);

/**
 * Headers that may change the operation of a request: all that begin with `x-oss-` except
 * {@link plainHeaders}. For example, `x-oss-copy-source` turns a PUT into a copy.
 */
export function tellingHeaders({ headers }: OssRequest): string[] {
  return [...headers.keys()].filter((it) => it.startsWith('x-oss-') && !plainHeaders.has(it));
}

/** Headers that set attributes of a new object. */
export const creationHeaders: readonly string[] = [
  'x-oss-meta-*',
  'x-oss-object-acl',
  'x-oss-storage-class',
  'x-oss-tagging',
  'x-oss-forbid-overwrite',
  'x-oss-server-side-encryption',
  'x-oss-server-side-encryption-key-id',
  'x-oss-server-side-data-encryption',
];
