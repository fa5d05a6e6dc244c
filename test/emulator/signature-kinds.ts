import { createHash, createHmac } from 'node:crypto';
import type { Emulator } from '../../src/emulator/index.js';
import { pathOf, type RequestOptions, signedHeaders } from './signed-request.js';

export type SignatureKind =
  | 'version 1 in the header'
  | 'version 1 in the query'
  | 'version 4 in the header'
  | 'version 4 in the query';

export interface SigningOptions extends RequestOptions {
  /** Seconds from `signedAt` for which a signature in the query is valid. Default: 60. */
  readonly lifetime?: number;
  readonly securityToken?: string;
}

/** Returns the options that make `send()` use this signature instead of its own. */
export function signedBy(
  kind: SignatureKind,
  emulator: Emulator,
  options: SigningOptions = {},
): RequestOptions {
  const signed = signers[kind](emulator, options);
  return { ...options, ...signed, isSigned: false };
}

type Signed = Pick<RequestOptions, 'headers' | 'query'>;

const signers: Record<SignatureKind, (emulator: Emulator, options: SigningOptions) => Signed> = {
  'version 1 in the header': signHeaderV1,
  'version 1 in the query': signQueryV1,
  'version 4 in the header': signHeaderV4,
  'version 4 in the query': signQueryV4,
};

function signHeaderV1(emulator: Emulator, options: SigningOptions): Signed {
  const { accessKeyId } = options.credentials ?? emulator.credentials;
  const date = (options.signedAt ?? new Date()).toUTCString();
  const headers: Record<string, string> = { date, ...options.headers };
  if (options.securityToken) headers['x-oss-security-token'] = options.securityToken;
  const signature = signatureV1(emulator, { ...options, headers }, headers['x-oss-date'] ?? date);
  return { headers: { ...headers, authorization: `OSS ${accessKeyId}:${signature}` } };
}

function signQueryV1(emulator: Emulator, options: SigningOptions): Signed {
  const { accessKeyId } = options.credentials ?? emulator.credentials;
  const signedAt = options.signedAt ?? new Date();
  const expires = String(Math.floor(signedAt.getTime() / 1000) + (options.lifetime ?? 60));
  const query: Record<string, string> = { ...options.query };
  if (options.securityToken) query['security-token'] = options.securityToken;
  const signature = signatureV1(emulator, { ...options, query }, expires);
  return {
    query: { OSSAccessKeyId: accessKeyId, Expires: expires, Signature: signature, ...query },
  };
}

/**
 * Computes a signature of version 1.
 *
 * @param date The date as in the request; for a URL, its time of expiry in seconds.
 */
export function signatureV1(
  emulator: Emulator,
  options: SigningOptions,
  date: string,
  resource = resourceV1(options),
): string {
  const { method = 'GET', headers = {} } = options;
  const text = [
    method,
    headers['content-md5'] ?? '',
    headers['content-type'] ?? '',
    date,
    ...ossHeaders(headers),
    resource,
  ].join('\n');
  const { accessKeySecret } = options.credentials ?? emulator.credentials;
  return createHmac('sha1', accessKeySecret).update(text).digest('base64');
}

/** The parameters signed by version 1 that the tests use. */
const subresourcesV1 =
  /^(acl|append|bucketInfo|delete|objectMeta|position|security-token|response-.*|x-oss-.*)$/;

function resourceV1({ bucket = 'examplebucket', key = '', query = {} }: SigningOptions): string {
  const subresources = Object.keys(query)
    .filter((name) => subresourcesV1.test(name))
    .sort()
    .map((name) => (query[name] === '' ? name : `${name}=${query[name]}`));
  return `/${bucket}/${key}${subresources.length === 0 ? '' : '?'}${subresources.join('&')}`;
}

function signHeaderV4(emulator: Emulator, options: SigningOptions): Signed {
  const { headers, securityToken } = options;
  const token = securityToken === undefined ? {} : { 'x-oss-security-token': securityToken };
  return { headers: signedHeaders(emulator, { ...options, headers: { ...headers, ...token } }) };
}

function signQueryV4(emulator: Emulator, options: SigningOptions): Signed {
  const { method = 'GET', bucket = 'examplebucket', key = '', headers = {} } = options;
  const { accessKeyId, accessKeySecret } = options.credentials ?? emulator.credentials;
  const timestamp = (options.signedAt ?? new Date()).toISOString().replace(/[-:]|\.\d+/g, '');
  const region = options.region ?? emulator.region;
  const scope = [timestamp.slice(0, 8), region, 'oss', 'aliyun_v4_request'];
  const additional = [...(options.additionalHeaders ?? [])].sort();
  const query: Record<string, string> = {
    'x-oss-signature-version': 'OSS4-HMAC-SHA256',
    'x-oss-date': timestamp,
    'x-oss-expires': String(options.lifetime ?? 60),
    'x-oss-credential': [accessKeyId, ...scope].join('/'),
    ...(additional.length === 0 ? {} : { 'x-oss-additional-headers': additional.join(';') }),
    ...(options.securityToken ? { 'x-oss-security-token': options.securityToken } : {}),
    ...options.query,
  };
  const canonical = [
    method,
    pathOf({ bucket, key }),
    Object.keys(query)
      .sort()
      .map((name) => (query[name] ? `${name}=${encodeURIComponent(query[name])}` : name))
      .join('&'),
    ...Object.keys(headers)
      .filter((name) => /^(x-oss-|content-(type|md5)$)/.test(name) || additional.includes(name))
      .sort()
      .map((name) => `${name}:${headers[name]}`),
    '',
    additional.join(';'),
    'UNSIGNED-PAYLOAD',
  ].join('\n');
  const digest = createHash('sha256').update(canonical).digest('hex');
  const text = ['OSS4-HMAC-SHA256', timestamp, scope.join('/'), digest].join('\n');
  const signingKey = scope.reduce<string | Buffer>(
    (secret, step) => createHmac('sha256', secret).update(step).digest(),
    `aliyun_v4${accessKeySecret}`,
  );
  const signature = createHmac('sha256', signingKey).update(text).digest('hex');
  return { query: { ...query, 'x-oss-signature': signature } };
}

function ossHeaders(headers: Readonly<Record<string, string>>): string[] {
  return Object.keys(headers)
    .filter((name) => name.startsWith('x-oss-'))
    .sort()
    .map((name) => `${name}:${headers[name]}`);
}
