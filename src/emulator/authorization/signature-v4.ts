import { createHash, createHmac } from 'node:crypto';
import type { QueryParameter } from '../protocol/request-target.js';

export const algorithmV4 = 'OSS4-HMAC-SHA256';

/** Input of a version 4 signature. */
export interface SigningInputV4 {
  readonly method: string;
  readonly bucket: string | undefined;
  readonly key: string | undefined;
  readonly query: readonly QueryParameter[];
  readonly headers: ReadonlyMap<string, string>;

  /** Headers signed in addition to those that are always signed. */
  readonly additionalHeaders: readonly string[];

  /** The date as in the request. */
  readonly timestamp: string;
  readonly payload: string;
  readonly scope: { readonly date: string; readonly region: string; readonly product: string };
}

/** A signature with the texts it was computed from, which error answers show to the client. */
export interface SignedV4 {
  readonly signature: string;
  readonly stringToSign: string;
  readonly canonicalRequest: string;
}

/**
 * Signs a request with version 4.
 *
 * @see https://help.aliyun.com/zh/oss/developer-reference/recommend-to-use-signature-version-4
 */
export function signV4(input: SigningInputV4, accessKeySecret: string): SignedV4 {
  const canonicalRequest = canonicalRequestOf(input);
  const { date, region, product } = input.scope;
  const stringToSign = [
    algorithmV4,
    input.timestamp,
    `${date}/${region}/${product}/aliyun_v4_request`,
    // Node decodes header values as Latin-1: encoding them back yields the bytes that were sent.
    createHash('sha256').update(canonicalRequest, 'latin1').digest('hex'),
  ].join('\n');
  let signingKey: string | Buffer = `aliyun_v4${accessKeySecret}`;
  for (const step of [date, region, product, 'aliyun_v4_request']) {
    signingKey = createHmac('sha256', signingKey).update(step).digest();
  }
  const signature = createHmac('sha256', signingKey).update(stringToSign).digest('hex');
  return { signature, stringToSign, canonicalRequest };
}

function canonicalRequestOf(input: SigningInputV4): string {
  const additional = input.additionalHeaders.map((name) => name.toLowerCase()).sort();
  const bucket = input.bucket === undefined ? '' : `${input.bucket}/`;
  return [
    input.method,
    encodePath(`/${bucket}${input.key ?? ''}`),
    canonicalQuery(input.query),
    canonicalHeaders(input.headers, additional),
    additional.join(';'),
    input.payload,
  ].join('\n');
}

function canonicalQuery(query: readonly QueryParameter[]): string {
  return query
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([left], [right]) => (left < right ? -1 : Number(left > right)))
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`))
    .join('&');
}

function canonicalHeaders(headers: ReadonlyMap<string, string>, additional: string[]): string {
  return [...headers.keys()]
    .filter((name) => isAlwaysSigned(name) || additional.includes(name))
    .sort()
    .map((name) => `${name}:${headers.get(name)}\n`)
    .join('');
}

function isAlwaysSigned(name: string): boolean {
  return name.startsWith('x-oss-') || name === 'content-type' || name === 'content-md5';
}

function encodePath(path: string): string {
  return path.split('/').map(encode).join('/');
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
