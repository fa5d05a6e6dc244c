import { createHmac } from 'node:crypto';
import type { QueryParameter } from '../protocol/request-target.js';
import { isSignedSubresource } from './signed-subresources.js';

/** Everything a version 1 signature covers, and what it picks from. */
export interface SigningInputV1 {
  readonly method: string;
  readonly bucket: string | undefined;
  readonly key: string | undefined;

  /** The path is that of a bucket, without the slash that belongs behind it. */
  readonly isBare?: boolean;
  readonly query: readonly QueryParameter[];
  readonly headers: ReadonlyMap<string, string>;

  /** The time as the request gives it; in a signed URL the second it expires. */
  readonly date: string;
}

/** A signature with the text it was made from, so that a client can see where it differs. */
export interface SignedV1 {
  readonly signature: string;
  readonly stringToSign: string;
}

/**
 * Signs a request with version 1.
 *
 * @see https://www.alibabacloud.com/help/en/oss/developer-reference/signature-in-authorization-header
 */
export function signV1(input: SigningInputV1, accessKeySecret: string): SignedV1 {
  return sign(input, canonicalResource(input), accessKeySecret);
}

/**
 * The C SDK signs `GET /bucket?prefix=` as it is sent, without the slash that the resource of a
 * bucket ends with.
 *
 * @see https://github.com/aliyun/aliyun-oss-c-sdk/blob/master/oss_c_sdk/oss_auth.c
 */
export function signBareV1(input: SigningInputV1, accessKeySecret: string): SignedV1[] {
  if (input.isBare !== true) return [];
  const resource = canonicalResource(input).replace(/^(\/[^/?]*)\//, '$1');
  return [sign(input, resource, accessKeySecret)];
}

function sign(input: SigningInputV1, resource: string, accessKeySecret: string): SignedV1 {
  const { method, headers, date } = input;
  const head = [method, headers.get('content-md5') ?? '', headers.get('content-type') ?? '', date];
  const bytes = Buffer.concat([
    // Header values are bytes in Latin-1 here; signing them as such signs what was sent.
    Buffer.from([...head, ...canonicalHeaders(headers), ''].join('\n'), 'latin1'),
    Buffer.from(resource),
  ]);
  const signature = createHmac('sha1', accessKeySecret).update(bytes).digest('base64');
  return { signature, stringToSign: bytes.toString() };
}

function canonicalHeaders(headers: ReadonlyMap<string, string>): string[] {
  return [...headers.keys()]
    .filter((name) => name.startsWith('x-oss-'))
    .sort()
    .map((name) => `${name}:${headers.get(name)?.trim()}`);
}

/** Unlike that of version 4, nothing in it is percent-encoded. */
function canonicalResource({ bucket, key, query }: SigningInputV1): string {
  const subresources = query
    .filter(([name]) => isSignedSubresource(name))
    .sort(([left], [right]) => (left < right ? -1 : Number(left > right)))
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`));
  const resource = `/${bucket === undefined ? '' : `${bucket}/`}${key ?? ''}`;
  return subresources.length === 0 ? resource : `${resource}?${subresources.join('&')}`;
}
