import { createHmac } from 'node:crypto';
import type { QueryParameter } from '../protocol/request-target.js';
import { isSignedSubresource } from './signed-subresources.js';

/** Input of a version 1 signature, which covers only some of the headers and parameters. */
export interface SigningInputV1 {
  readonly method: string;
  readonly bucket: string | undefined;
  readonly key: string | undefined;

  /** The path names a bucket without its trailing slash. */
  readonly isBare?: boolean;
  readonly query: readonly QueryParameter[];
  readonly headers: ReadonlyMap<string, string>;

  /** The date as in the request; for a signed URL, its time of expiry in seconds. */
  readonly date: string;
}

/** A signature with the text it was computed from, which error answers show to the client. */
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
 * Signs a request as the C SDK does: for `GET /bucket?prefix=` it omits the trailing slash of the
 * bucket's resource.
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
    // Node decodes header values as Latin-1: encoding them back yields the bytes that were sent.
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
    .map((name) => `${name}:${headers.get(name)}`);
}

/** Not percent-encoded, unlike that of version 4. */
function canonicalResource({ bucket, key, query }: SigningInputV1): string {
  const subresources = query
    .filter(([name]) => isSignedSubresource(name))
    .sort(([left], [right]) => (left < right ? -1 : Number(left > right)))
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`));
  const resource = `/${bucket === undefined ? '' : `${bucket}/`}${key ?? ''}`;
  return subresources.length === 0 ? resource : `${resource}?${subresources.join('&')}`;
}
