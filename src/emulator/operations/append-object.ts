import { randomUUID } from 'node:crypto';
import { assertDigest } from '../content-digest.js';
import { readAttributes, writtenHeaders } from '../object-headers.js';
import type { ObjectRecord } from '../object-record.js';
import { assertSized, maxObjectSize } from '../object-size.js';
import { entityTooLarge, OssError, positionNotEqualToLength } from '../oss-error.js';
import { readPosition } from '../position.js';
import { declaredLength } from '../request.js';
import type { Operation } from './operation.js';

/** Cold classes cannot be appended to. */
const storageClasses = ['Standard', 'IA', 'Archive'];

/** @see https://help.aliyun.com/zh/oss/developer-reference/appendobject */
export const appendObject: Operation = {
  name: 'append',
  method: 'POST',
  target: 'object',
  flag: 'append',
  readsBody: true,

  check({ request, bucket, key, objects }) {
    const position = readPosition(request);
    readAttributes(request.headers, storageClasses);
    assertSized(request);
    // The body of a doomed append is read all the same, so that the refusal is not lost in a
    // reset; unless the client waits to hear, or it would take for ever.
    const byteLength = declaredLength(request) ?? 0;
    if (request.expectsContinue || byteLength > maxObjectSize - position) {
      assertAppendable(objects.find(bucket, key), position, byteLength);
    }
  },

  async apply({ request, bucket, key, objects, now }, body) {
    const position = readPosition(request);
    const record = await objects.exclusively(bucket, key, async (object) => {
      const found = object.record;
      assertAppendable(found, position, 0);
      assertDigest(request.headers, body);
      assertAppendable(found, position, body.byteLength);
      if (found !== undefined && body.byteLength === 0) return found;
      const stamp = { etag: createEtag(), lastModified: now().getTime() };
      return object.append(body, stamp, readAttributes(request.headers, storageClasses));
    });
    return {
      status: 200,
      headers: { ...writtenHeaders(record), 'x-oss-next-append-position': String(record.length) },
    };
  },
};

/** The order of these checks is OSS's: what the object is, then where it ends, then the size. */
function assertAppendable(
  found: ObjectRecord | undefined,
  position: number,
  byteLength: number,
): void {
  if (found?.type === 'Normal') {
    throw new OssError(409, 'ObjectNotAppendable', 'The object is not appendable', {
      ec: '0026-00000017',
    });
  }
  if (found?.sealedAt !== undefined) {
    throw new OssError(409, 'AppendSealedObjectNotAllowed', 'The object is sealed');
  }
  const length = found?.length ?? 0;
  if (position !== length) throw positionNotEqualToLength(length);
  if (length + byteLength > maxObjectSize) throw entityTooLarge();
}

/** An appendable object's ETag is no MD5, only different every time. */
function createEtag(): string {
  return `"${randomUUID().replaceAll('-', '').toUpperCase()}"`;
}
