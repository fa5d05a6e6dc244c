import type { ObjectCreation } from '../../append/append-client.js';
import { percentEncode } from './percent-encode.js';

type HeaderValues = Record<string, string>;

/**
 * Headers of an append that may create its object.
 *
 * @throws {TypeError} If a value cannot be sent in a header.
 * @see https://help.aliyun.com/zh/oss/developer-reference/appendobject
 */
export function creationHeaders(creation: ObjectCreation): HeaderValues {
  const { expires, metadata = {}, tagging } = creation;
  const headers: HeaderValues = {};
  const set = (name: string, option: string, value: string | undefined) => {
    if (value === undefined) return;
    assertHeaderValue(option, value);
    headers[name] = value;
  };
  set('content-type', 'contentType', creation.contentType);
  set('cache-control', 'cacheControl', creation.cacheControl);
  set('content-disposition', 'contentDisposition', creation.contentDisposition);
  set('content-encoding', 'contentEncoding', creation.contentEncoding);
  set('expires', 'expires', expires && httpDate(expires));
  set('x-oss-object-acl', 'acl', creation.acl);
  set('x-oss-storage-class', 'storageClass', creation.storageClass);
  set('x-oss-server-side-encryption', 'serverSideEncryption', creation.serverSideEncryption);
  set('x-oss-tagging', 'tagging', tagging && encodeTagging(tagging));
  for (const [name, value] of Object.entries(metadata)) {
    assertMetadataName(name, headers);
    set(`x-oss-meta-${name.toLowerCase()}`, `metadata.${name}`, value);
  }
  return headers;
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

// A line break would start another header. For non-ASCII text there is no agreed encoding.
function assertHeaderValue(option: string, value: string): void {
  if (typeof value === 'string' && /^[\t -~]*$/.test(value)) return;
  const current = typeof value === 'string' ? JSON.stringify(value.slice(0, 200)) : typeof value;
  throw new TypeError(
    `Cannot append as '${option}' must be a string of printable ASCII: current value is ${current}`,
  );
}
