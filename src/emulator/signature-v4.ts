import { createHash, createHmac } from 'node:crypto';
import { invalidArgument } from './oss-error.js';
import type { OssRequest } from './request.js';
import type { QueryParameter } from './request-target.js';
import type { SignatureClaim } from './signature-claim.js';

const algorithm = 'OSS4-HMAC-SHA256';

/**
 * Reads the claim an `Authorization` header of version 4 makes; `undefined` if it is of another
 * kind.
 *
 * @throws {OssError} If it is one, but malformed or for another region or product.
 */
export function readHeaderV4(request: OssRequest, region: string): SignatureClaim | undefined {
  const authorization = request.headers.get('authorization');
  if (authorization === undefined || !authorization.startsWith(algorithm)) return undefined;
  const fields = parseFields(authorization.slice(algorithm.length));
  const [accessKeyId, date, scopeRegion, product, terminator, ...rest] = (
    fields.get('Credential') ?? ''
  ).split('/');
  const signature = fields.get('Signature');
  if (
    !accessKeyId ||
    !date ||
    !signature ||
    terminator !== 'aliyun_v4_request' ||
    rest.length > 0
  ) {
    throw invalidArgument('Invalid Authorization header.', { ec: '0002-00000202' });
  }
  const payload = request.headers.get('x-oss-content-sha256') ?? '';
  if (payload !== 'UNSIGNED-PAYLOAD') {
    throw invalidArgument('Invalid x-oss-content-sha256 header, it must be UNSIGNED-PAYLOAD.', {
      ec: '0002-00000214',
    });
  }
  if (scopeRegion !== region) {
    throw invalidArgument('Invalid signing region in Authorization header.', {
      ec: '0002-00000226',
      extras: { Region: region },
    });
  }
  if (product !== 'oss') {
    throw invalidArgument('Invalid signing product in Authorization header.', {
      ec: '0002-00000227',
    });
  }
  const timestamp = timestampOf(request);
  if (!timestamp.startsWith(`${date}T`)) {
    throw invalidArgument('Invalid signing date in Authorization header.', {
      ec: '0002-00000202',
    });
  }
  const { method, bucket, key, query, headers } = request;
  const additionalHeaders = (fields.get('AdditionalHeaders') ?? '').split(';').filter(Boolean);
  const input = {
    ...{ method, bucket, key, query, headers, additionalHeaders, timestamp, payload },
    scope: { date, region, product },
  };
  return {
    accessKeyId,
    signature,
    signedAt: parseTimestamp(timestamp),
    expect: (accessKeySecret) => signV4(input, accessKeySecret),
  };
}

/** Everything a version 4 signature covers. */
export interface SigningInput {
  readonly method: string;
  readonly bucket: string | undefined;
  readonly key: string | undefined;
  readonly query: readonly QueryParameter[];
  readonly headers: ReadonlyMap<string, string>;

  /** Headers signed beyond those that always are. */
  readonly additionalHeaders: readonly string[];

  /** `YYYYMMDDTHHMMSSZ`. */
  readonly timestamp: string;
  readonly payload: string;
  readonly scope: { readonly date: string; readonly region: string; readonly product: string };
}

/** A signature with the two texts it was made from, so that a client can see where it differs. */
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
export function signV4(input: SigningInput, accessKeySecret: string): SignedV4 {
  const canonicalRequest = canonicalRequestOf(input);
  const { date, region, product } = input.scope;
  const stringToSign = [
    algorithm,
    input.timestamp,
    `${date}/${region}/${product}/aliyun_v4_request`,
    // Header values are bytes in Latin-1 here; hashing them as such gives back what was sent.
    createHash('sha256').update(canonicalRequest, 'latin1').digest('hex'),
  ].join('\n');
  let signingKey: string | Buffer = `aliyun_v4${accessKeySecret}`;
  for (const step of [date, region, product, 'aliyun_v4_request']) {
    signingKey = createHmac('sha256', signingKey).update(step).digest();
  }
  const signature = createHmac('sha256', signingKey).update(stringToSign).digest('hex');
  return { signature, stringToSign, canonicalRequest };
}

function canonicalRequestOf(input: SigningInput): string {
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
    .map((name) => `${name}:${headers.get(name)?.trim()}\n`)
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

function parseFields(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const field of text.split(',')) {
    const [name = '', ...value] = field.trim().split('=');
    fields.set(name, value.join('='));
  }
  return fields;
}

function timestampOf({ headers }: OssRequest): string {
  const timestamp = headers.get('x-oss-date');
  if (timestamp !== undefined) return timestamp;
  const date = new Date(headers.get('date') ?? '');
  if (Number.isNaN(date.getTime())) return '';
  return date.toISOString().replace(/[-:]|\.\d+/g, '');
}

function parseTimestamp(timestamp: string): Date {
  return new Date(
    timestamp.replace(/^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/, '$1-$2-$3T$4:$5:$6Z'),
  );
}
