import { createHmac, hash } from 'node:crypto';
import { encodeObjectKey, percentEncode } from '../request/percent-encode.js';
import { trimHeader } from '../trim-header.js';

/** The parts of a request that its signature covers. */
interface SignableRequest {
  readonly method: string;

  /** As returned by {@link canonicalResource}. */
  readonly resource: string;

  /** Encoded, and sorted by code unit. */
  readonly query: string;
  readonly headers: SignedHeaders;
}

/** The headers that a signature covers; requests with equal headers may share them. */
export interface SignedHeaders {
  /** One per line, sorted. */
  readonly canonical: string;

  /** Sorted names of the headers that are not signed by default. */
  readonly additional: readonly string[];
}

/** Time, region and product for which a signing key is valid. */
export interface SigningScope {
  /** Time of the signature, as `YYYYMMDDTHHMMSSZ`. */
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
  const names = request.headers.additional.join(';');
  const additional = names === '' ? '' : `,AdditionalHeaders=${names}`;
  return `OSS4-HMAC-SHA256 Credential=${key.accessKeyId}/${scopeName(scope)}${additional},Signature=${signature}`;
}

/** The request in the canonical form that both sides hash. */
export function canonicalRequest(request: SignableRequest): string {
  const { method, resource, query, headers } = request;
  const additional = headers.additional.join(';');
  return `${method}\n${resource}\n${query}\n${headers.canonical}\n${additional}\n${unsignedPayload}`;
}

/** Bucket and object, encoded. Includes the bucket in every style of addressing. */
export function canonicalResource(bucket: string, key: string): string {
  return `/${percentEncode(bucket)}/${encodeObjectKey(key)}`;
}

/**
 * Picks the headers to sign.
 *
 * @param additionalHeaders Names of further headers to sign; absent ones and those signed by
 * default are ignored.
 */
export function signedHeaders(
  headers: Readonly<Record<string, string>>,
  additionalHeaders: readonly string[] = [],
): SignedHeaders {
  const present = new Map(
    Object.entries(headers).map(
      ([name, value]) => [name.toLowerCase(), trimHeader(value)] as const,
    ),
  );
  const names = new Set(additionalHeaders.map((name) => name.toLowerCase()));
  const additional = [...names].filter((name) => present.get(name) && !isSignedByDefault(name));
  const canonical = [...present.keys()]
    .filter((name) => isSignedByDefault(name) || additional.includes(name))
    .sort()
    .map((name) => `${name}:${present.get(name)}\n`)
    .join('');
  return { canonical, additional: additional.sort() };
}

function isSignedByDefault(name: string): boolean {
  return name.startsWith('x-oss-') || name === 'content-type' || name === 'content-md5';
}

/** The signed text: algorithm, time, scope and hash of the canonical request. */
export function stringToSign(canonical: string, scope: SigningScope): string {
  // Headers have one character per byte, and are sent so; everything else is ASCII.
  const digest = hash('sha256', Buffer.from(canonical, 'latin1'));
  return `OSS4-HMAC-SHA256\n${scope.dateTime}\n${scopeName(scope)}\n${digest}`;
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
  return createHmac('sha256', signingKey).update(text).digest('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
