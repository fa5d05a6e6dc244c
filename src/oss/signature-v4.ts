import { createHmac, hash } from 'node:crypto';
import { encodeObjectKey, percentEncode } from './object-path.js';

/** The parts of a request that its signature covers. */
interface SignableRequest {
  readonly method: string;

  /** As {@link canonicalResource} spells it. */
  readonly resource: string;

  /** As {@link canonicalQuery} spells it. */
  readonly query: string;
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
  const { method, resource, query } = request;
  const additional = additionalHeaderNames(request);
  return [
    method,
    resource,
    query,
    canonicalHeaders(request, additional),
    additional.join(';'),
    unsignedPayload,
  ].join('\n');
}

/** The object, encoded. The bucket belongs here whatever the style of the URL. */
export function canonicalResource(bucket: string, key: string): string {
  return `/${percentEncode(bucket)}/${encodeObjectKey(key)}`;
}

/** The query, encoded and sorted; also what goes on the wire. */
export function canonicalQuery(query: Readonly<Record<string, string>>): string {
  const encoded = new Map<string, string>();
  for (const name in query) encoded.set(percentEncode(name), percentEncode(query[name] as string));
  return sortedNames(encoded)
    .map((name) => (encoded.get(name) === '' ? name : `${name}=${encoded.get(name)}`))
    .join('&');
}

function canonicalHeaders({ headers }: SignableRequest, additional: readonly string[]): string {
  const signed = new Map<string, string>();
  for (const given in headers) {
    const name = given.toLowerCase();
    if (isSignedByDefault(name) || additional.includes(name)) {
      signed.set(name, (headers[given] as string).trim());
    }
  }
  return sortedNames(signed)
    .map((name) => `${name}:${signed.get(name)}\n`)
    .join('');
}

function additionalHeaderNames({ headers, additionalHeaders = [] }: SignableRequest): string[] {
  if (additionalHeaders.length === 0) return [];
  const present = new Map(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const),
  );
  const names = additionalHeaders.map((name) => name.toLowerCase());
  return [...new Set(names)].filter((name) => present.get(name) && !isSignedByDefault(name)).sort();
}

function isSignedByDefault(name: string): boolean {
  return name.startsWith('x-oss-') || name === 'content-type' || name === 'content-md5';
}

/** By code unit: a locale's order would differ between machines. */
function sortedNames(map: ReadonlyMap<string, string>): string[] {
  return [...map.keys()].sort();
}

/** What is signed: the algorithm, the time, the scope and the hash of the canonical request. */
export function stringToSign(canonical: string, scope: SigningScope): string {
  const digest = hash('sha256', canonical);
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
