import type { ObjectCreation } from '../../append/append-client.js';
import { type HttpHeaders, headerOf } from '../http/message.js';

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
export function readCreation(headers: HttpHeaders): ObjectCreation {
  const creation: ObjectCreation = {
    contentType: headerOf(headers, 'content-type'),
    cacheControl: headerOf(headers, 'cache-control'),
    contentDisposition: headerOf(headers, 'content-disposition'),
    contentEncoding: headerOf(headers, 'content-encoding'),
    expires: readDate(headerOf(headers, 'expires')),
    storageClass: oneOf(storageClasses, headerOf(headers, 'x-oss-storage-class')),
    serverSideEncryption: oneOf(encryptions, headerOf(headers, 'x-oss-server-side-encryption')),
    metadata: readMetadata(headers),
  };
  const given = Object.entries(creation).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given);
}

function readMetadata(headers: HttpHeaders): ObjectCreation['metadata'] {
  const names = Object.keys(headers).filter((name) => name.startsWith(metadataPrefix));
  const entries = names.map((name) => [name.slice(metadataPrefix.length), headerOf(headers, name)]);
  return entries.length === 0 ? undefined : Object.fromEntries(entries.filter(hasValue));
}

function hasValue([, value]: readonly (string | undefined)[]): boolean {
  return value !== undefined;
}

function readDate(text: string | undefined): Date | undefined {
  const date = new Date(text ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function oneOf<Word extends string>(
  words: readonly Word[],
  value: string | undefined,
): Word | undefined {
  return words.find((word) => word === value);
}
