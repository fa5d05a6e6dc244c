import type { CopiedCreation, HeaderValue } from '../../append/append-client.js';
import { type HttpHeaders, headerOf } from '../http/message.js';
import { isPrintable } from '../request/creation-headers.js';

const metadataPrefix = 'x-oss-meta-';

/** Classes of an object that can be appended to; one of another class is created in the default. */
const storageClasses = ['Standard', 'IA', 'Archive'] as const;
const encryptions = ['AES256', 'KMS', 'SM4'] as const;

/**
 * Reads headers and metadata to create an object like this one. OSS returns neither its tags nor its
 * ACL here, and an appendable object cannot have a KMS key of its own.
 *
 * @see https://help.aliyun.com/zh/oss/developer-reference/headobject
 */
export function readCreation(headers: HttpHeaders): CopiedCreation {
  const creation: CopiedCreation = {
    contentType: headerValue(headers, 'content-type'),
    cacheControl: headerValue(headers, 'cache-control'),
    contentDisposition: headerValue(headers, 'content-disposition'),
    contentEncoding: headerValue(headers, 'content-encoding'),
    expires: readExpires(headerOf(headers, 'expires')),
    storageClass: oneOf(storageClasses, headerOf(headers, 'x-oss-storage-class')),
    serverSideEncryption: oneOf(encryptions, headerOf(headers, 'x-oss-server-side-encryption')),
    metadata: readMetadata(headers),
  };
  const given = Object.entries(creation).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given);
}

function readMetadata(headers: HttpHeaders): CopiedCreation['metadata'] {
  const names = Object.keys(headers).filter((name) => name.startsWith(metadataPrefix));
  const entries = names.map((name) => [
    name.slice(metadataPrefix.length),
    headerValue(headers, name),
  ]);
  return entries.length === 0 ? undefined : Object.fromEntries(entries.filter(hasValue));
}

function hasValue([, value]: readonly (HeaderValue | undefined)[]): boolean {
  return value !== undefined;
}

function headerValue(headers: HttpHeaders, name: string): HeaderValue | undefined {
  const text = headerOf(headers, name);
  return text === undefined || isPrintable(text) ? text : bytesOf(text);
}

/**
 * Another text than that of a Date is kept as it is: caches take `0` and the like for a time in the
 * past, where `new Date('0')` is the year 2000.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9111#section-5.3
 */
function readExpires(text: string | undefined): CopiedCreation['expires'] {
  if (text === undefined) return undefined;
  const date = new Date(text);
  const isSame = !Number.isNaN(date.getTime()) && date.toUTCString() === text;
  return isSame ? date : bytesOf(text);
}

/** undici decodes each byte as one character; a dispatcher of another version decodes UTF-8. */
function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, /[^\0-\xff]/.test(text) ? 'utf8' : 'latin1');
}

function oneOf<Word extends string>(
  words: readonly Word[],
  value: string | undefined,
): Word | undefined {
  return words.find((word) => word === value);
}
