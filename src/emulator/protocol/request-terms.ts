import type { OssRequest } from './request.js';

/**
 * Query parameters that say how any request is to be answered, signed or paid, and never what it
 * asks for: a request with one of them is the same request.
 */
const modifiers = new Set([
  ...['encoding-type', 'security-token', 'callback-var', 'x-oss-request-payer'],
  ...['x-oss-traffic-limit', 'x-oss-security-token', 'x-oss-ac-source-ip', 'x-oss-ac-subnet-mask'],
  ...['x-oss-ac-vpc-id', 'x-oss-ac-forward-allow'],
  // Signatures in URLs, of version 1 and 4.
  ...['OSSAccessKeyId', 'Expires', 'Signature'],
  ...['x-oss-signature-version', 'x-oss-credential', 'x-oss-date', 'x-oss-expires'],
  ...['x-oss-signature', 'x-oss-additional-headers'],
]);

/** Whether a query parameter leaves a request what it is. */
export function isModifier(name: string): boolean {
  return modifiers.has(name) || name.startsWith('response-');
}

/** As {@link modifiers}, among the headers. */
const plainHeaders = new Set([
  ...['x-oss-date', 'x-oss-content-sha256', 'x-oss-security-token', 'x-oss-user-agent'],
  ...['x-oss-request-payer', 'x-oss-traffic-limit'],
]);

/**
 * Headers of a request by which OSS may take it for another one: those that begin with `x-oss-`,
 * but for {@link plainHeaders}. `x-oss-copy-source` makes a copy of what would be an empty object.
 */
export function tellingHeaders({ headers }: OssRequest): string[] {
  return [...headers.keys()].filter((it) => it.startsWith('x-oss-') && !plainHeaders.has(it));
}

/** Headers with which a request says what the object that it creates is to be like. */
export const creationHeaders: readonly string[] = [
  ...['x-oss-meta-*', 'x-oss-object-acl', 'x-oss-storage-class', 'x-oss-tagging'],
  ...['x-oss-forbid-overwrite', 'x-oss-server-side-encryption'],
  ...['x-oss-server-side-encryption-key-id', 'x-oss-server-side-data-encryption'],
];
