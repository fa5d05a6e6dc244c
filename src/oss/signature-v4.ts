import { createHash, createHmac } from 'node:crypto';
import { encodeObjectKey, percentEncode } from './object-path.js';

/** The parts of a request that its signature covers. */
interface SignableRequest {
  readonly method: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;

  /** Names of further headers to sign; those that are absent or signed anyway are left out. */
  readonly additionalHeaders?: readonly string[];
}

/** What a signing key is good for. */
export interface SigningScope {
  /** When the request is signed, as `YYYYMMDDTHHMMSSZ`. */
  readonly dateTime: string;
  readonly region: string;
  readonly product: string;
}

/** The only value OSS accepts for `x-oss-content-sha256`. */
export const unsignedPayload = 'UNSIGNED-PAYLOAD';

/**
 * Signs a request with OSS's signature version 4.
 *
 * @returns The value of the `Authorization` header.
 * @see https://help.aliyun.com/zh/oss/developer-reference/recommend-to-use-signature-version-4
 */
export function authorize(
  request: SignableRequest,
  scope: SigningScope,
  key: { readonly accessKeyId: string; readonly signingKey: Buffer },
): string {
  const signature = sign(key.signingKey, stringToSign(canonicalRequest(request), scope));
  const names = additionalHeaderNames(request).join(';');
  const additional = names === '' ? '' : `,AdditionalHeaders=${names}`;
  return `OSS4-HMAC-SHA256 Credential=${key.accessKeyId}/${scopeName(scope)}${additional},Signature=${signature}`;
}

/** The request in the one spelling that both sides hash. */
export function canonicalRequest(request: SignableRequest): string {
  return [
    request.method,
    // The bucket belongs here whatever the style of the URL.
    `/${percentEncode(request.bucket)}/${encodeObjectKey(request.key)}`,
    canonicalQuery(request.query),
    canonicalHeaders(request),
    additionalHeaderNames(request).join(';'),
    unsignedPayload,
  ].join('\n');
}

/** The query, encoded and sorted; also what goes on the wire. */
export function canonicalQuery(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .map(([name, value]) => [percentEncode(name), percentEncode(value)] as const)
    .sort(byName)
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`))
    .join('&');
}

function canonicalHeaders(request: SignableRequest): string {
  const additional = additionalHeaderNames(request);
  return lowerCaseHeaders(request)
    .filter(([name]) => isSignedByDefault(name) || additional.includes(name))
    .sort(byName)
    .map(([name, value]) => `${name}:${value.trim()}\n`)
    .join('');
}

function additionalHeaderNames(request: SignableRequest): string[] {
  const { additionalHeaders = [] } = request;
  if (additionalHeaders.length === 0) return [];
  const present = new Map(lowerCaseHeaders(request));
  const names = additionalHeaders.map((name) => name.toLowerCase());
  return [...new Set(names)].filter((name) => present.get(name) && !isSignedByDefault(name)).sort();
}

function lowerCaseHeaders({ headers }: SignableRequest): (readonly [string, string])[] {
  return Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
}

function isSignedByDefault(name: string): boolean {
  return name.startsWith('x-oss-') || name === 'content-type' || name === 'content-md5';
}

// By code unit: a locale's order would differ between machines.
function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What is signed: the algorithm, the time, the scope and the hash of the canonical request. */
export function stringToSign(canonical: string, scope: SigningScope): string {
  const hash = createHash('sha256').update(canonical).digest('hex');
  return `OSS4-HMAC-SHA256\n${scope.dateTime}\n${scopeName(scope)}\n${hash}`;
}

function scopeName({ dateTime, region, product }: SigningScope): string {
  return `${dateTime.slice(0, 8)}/${region}/${product}/aliyun_v4_request`;
}

/** Derives the key of one day, region and product from a secret. */
export function deriveSigningKey(secret: string, scope: SigningScope): Buffer {
  const steps = [scope.dateTime.slice(0, 8), scope.region, scope.product, 'aliyun_v4_request'];
  return steps.reduce<Buffer>((key, step) => hmac(key, step), Buffer.from(`aliyun_v4${secret}`));
}

/** Signs `text`, in hexadecimal. */
export function sign(signingKey: Buffer, text: string): string {
  return hmac(signingKey, text).toString('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
