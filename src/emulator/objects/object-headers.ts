import type { ObjectRecord } from './object-record.js';

/** Headers of answers to HEAD and GET, except `content-length`. */
export function objectHeaders(record: ObjectRecord): Record<string, string> {
  const { attributes, sealedAt } = record;
  const headers: Record<string, string> = {
    ...attributes.headers,
    ...identityHeaders(record),
    'accept-ranges': 'bytes',
    'x-oss-object-type': record.type,
    'x-oss-storage-class': attributes.storageClass,
  };
  if (record.type === 'Appendable') {
    headers['x-oss-next-append-position'] = String(record.length);
  }
  const contentMd5 = contentMd5Of(record);
  if (contentMd5 !== undefined) headers['content-md5'] = contentMd5;
  if (sealedAt !== undefined) headers['x-oss-sealed-time'] = new Date(sealedAt).toUTCString();
  if (attributes.tags.length > 0) {
    headers['x-oss-tagging-count'] = String(attributes.tags.length);
  }
  return headers;
}

/** Headers that identify the state of an object. */
export function identityHeaders({
  etag,
  lastModified,
  crc64,
}: ObjectRecord): Record<string, string> {
  return {
    etag,
    'last-modified': new Date(lastModified).toUTCString(),
    'x-oss-hash-crc64ecma': String(crc64),
  };
}

/** Headers of the answer to a write. */
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

/** The MD5 of a Normal object is its ETag; an appendable object has none. */
function contentMd5Of({ type, etag }: ObjectRecord): string | undefined {
  const [, digits] = /^"([0-9A-F]{32})"$/.exec(etag) ?? [];
  if (type !== 'Normal' || digits === undefined) return undefined;
  return Buffer.from(digits, 'hex').toString('base64');
}
