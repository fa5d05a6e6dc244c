import type { CopiedCreation, HeaderValue } from '../../append/append-client.js';
import { percentEncode } from './percent-encode.js';

/** One character per byte. */
type HeaderValues = Record<string, string>;

const headerNames = {
  contentType: 'content-type',
  cacheControl: 'cache-control',
  contentDisposition: 'content-disposition',
  contentEncoding: 'content-encoding',
  acl: 'x-oss-object-acl',
  storageClass: 'x-oss-storage-class',
  serverSideEncryption: 'x-oss-server-side-encryption',
} as const;

/**
 * Headers of an append that may create its object.
 *
 * @throws {TypeError} If a value cannot be sent in a header.
 * @see https://help.aliyun.com/zh/oss/developer-reference/appendobject
 */
export function creationHeaders(creation: CopiedCreation): HeaderValues {
  const { expires, metadata = {}, tagging } = creation;
  const headers: HeaderValues = {};
  const set = (name: string, option: string, value: HeaderValue | undefined) => {
    if (value !== undefined) headers[name] = headerText(option, value);
  };
  for (const option of Object.keys(headerNames) as (keyof typeof headerNames)[]) {
    set(headerNames[option], option, creation[option]);
  }
  const expiry =
    expires === undefined || expires instanceof Uint8Array ? expires : httpDate(expires);
  set('expires', 'expires', expiry);
  set('x-oss-tagging', 'tagging', tagging && encodeTagging(tagging));
  for (const [name, value] of Object.entries(metadata)) {
    assertMetadataName(name, headers);
    set(`x-oss-meta-${name.toLowerCase()}`, `metadata.${name}`, value);
  }
  return headers;
}

/** Whether all characters are printable ASCII or tabs. */
export function isPrintable(value: string): boolean {
  return /^[\t -~]*$/.test(value);
}

function encodeTagging(tagging: Readonly<Record<string, string>>): string {
  return Object.entries(tagging)
    .map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`)
    .join('&');
}

function httpDate(date: Date): string {
  if (date instanceof Date && !Number.isNaN(date.getTime())) return date.toUTCString();
  throw new TypeError("Cannot append as 'expires' must be a valid Date");
}

/** Metadata names are letters, digits and hyphens; their case is not preserved. */
function assertMetadataName(name: string, headers: HeaderValues): void {
  if (!/^[a-z\d-]+$/i.test(name)) {
    throw new TypeError(
      `Cannot append as names in 'metadata' must be letters, digits and hyphens: current value is ${JSON.stringify(name)}`,
    );
  }
  if (Object.hasOwn(headers, `x-oss-meta-${name.toLowerCase()}`)) {
    throw new TypeError(
      `Cannot append as names in 'metadata' must differ in more than case: current value is ${JSON.stringify(name)}`,
    );
  }
}

// A line break would start another header. For non-ASCII text there is no agreed encoding, so it is
// sent only as the bytes that a store has returned.
function headerText(option: string, value: HeaderValue): string {
  if (value instanceof Uint8Array) return headerBytes(option, value);
  if (typeof value === 'string' && isPrintable(value)) return value;
  const current = typeof value === 'string' ? JSON.stringify(value.slice(0, 200)) : typeof value;
  throw new TypeError(
    `Cannot append as '${option}' must be a string of printable ASCII: current value is ${current}`,
  );
}

function headerBytes(option: string, value: Uint8Array): string {
  const text = Buffer.from(value).toString('latin1');
  if (/^[\t -~\x80-\xff]*$/.test(text)) return text;
  throw new TypeError(`Cannot append as '${option}' must have no control characters`);
}
