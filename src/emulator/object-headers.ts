import type { ObjectAttributes, ObjectRecord } from './object-record.js';
import { invalidArgument } from './oss-error.js';

/** Headers an object keeps from the request that brought it into existence. */
const keptHeaders = [
  'content-type',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
  'x-oss-server-side-encryption',
  'x-oss-server-side-data-encryption',
];

const accessControlLists = ['default', 'private', 'public-read', 'public-read-write'];

/**
 * Reads what a request wants to fix about an object it creates.
 *
 * @param storageClasses Those the operation allows.
 * @throws {OssError} If the storage class or the ACL is none.
 */
export function readAttributes(
  requestHeaders: ReadonlyMap<string, string>,
  storageClasses: readonly string[],
): ObjectAttributes {
  const storageClass = requestHeaders.get('x-oss-storage-class') ?? 'Standard';
  assertArgument('x-oss-storage-class', storageClass, storageClasses);
  const acl = requestHeaders.get('x-oss-object-acl') ?? 'default';
  assertArgument('x-oss-object-acl', acl, accessControlLists);
  const headers: Record<string, string> = { 'content-type': 'application/octet-stream' };
  for (const [name, value] of requestHeaders) {
    if (keptHeaders.includes(name) || name.startsWith('x-oss-meta-')) headers[name] = value;
  }
  const tags = (requestHeaders.get('x-oss-tagging') ?? '').split('&').filter(Boolean);
  return { headers, storageClass, taggingCount: tags.length };
}

/** The headers HEAD and GET answer with, `content-length` apart. */
export function objectHeaders(record: ObjectRecord): Record<string, string> {
  const { attributes, sealedAt } = record;
  const headers: Record<string, string> = {
    ...attributes.headers,
    etag: record.etag,
    'last-modified': new Date(record.lastModified).toUTCString(),
    'accept-ranges': 'bytes',
    'x-oss-object-type': record.type,
    'x-oss-hash-crc64ecma': String(record.crc64),
    'x-oss-storage-class': attributes.storageClass,
  };
  if (record.type === 'Appendable') {
    headers['x-oss-next-append-position'] = String(record.length);
  }
  if (sealedAt !== undefined) headers['x-oss-sealed-time'] = new Date(sealedAt).toUTCString();
  if (attributes.taggingCount > 0) {
    headers['x-oss-tagging-count'] = String(attributes.taggingCount);
  }
  return headers;
}

/** The headers a write answers with. */
export function writtenHeaders({ attributes, etag, crc64 }: ObjectRecord): Record<string, string> {
  const encryption = Object.entries(attributes.headers).filter(([name]) =>
    name.startsWith('x-oss-server-side-'),
  );
  return {
    'content-length': '0',
    etag,
    'x-oss-hash-crc64ecma': String(crc64),
    ...Object.fromEntries(encryption),
  };
}

function assertArgument(name: string, value: string, allowed: readonly string[]): void {
  if (allowed.includes(value)) return;
  throw invalidArgument(`The argument of ${name} is not valid.`, {
    extras: { ArgumentName: name, ArgumentValue: value },
  });
}
