import { randomUUID } from 'node:crypto';
import { assertDigest } from '../checks/content-digest.js';
import { readPosition } from '../checks/position.js';
import { assertUnconditional } from '../checks/precondition.js';
import { assertTrafficLimit } from '../checks/traffic-limit.js';
import { readObjectAcl } from '../objects/access-control.js';
import { readAttributes } from '../objects/creation-attributes.js';
import { writtenHeaders } from '../objects/object-headers.js';
import type { ObjectAttributes, ObjectRecord } from '../objects/object-record.js';
import { assertSized, maxObjectSize } from '../objects/object-size.js';
import { entityTooLarge, OssError, positionNotEqualToLength } from '../protocol/oss-error.js';
import { declaredLength } from '../protocol/request.js';
import { creationHeaders } from '../protocol/request-terms.js';
import type { Operation, OperationContext } from './operation.js';

/** Cold classes cannot be appended to. */
const storageClasses = ['Standard', 'IA', 'Archive'];

/** @see https://help.aliyun.com/zh/oss/developer-reference/appendobject */
export const appendObject: Operation = {
  name: 'append',
  method: 'POST',
  target: 'object',
  flag: 'append',
  parameters: ['position'],
  headers: creationHeaders,
  readsBody: true,

  check(context) {
    const { request, bucket, key, objects } = context;
    const position = readPosition(request);
    assertUnconditional(request.headers);
    assertTrafficLimit(request);
    assertAttributes(context, objects.find(bucket, key));
    assertSized(request);
    // Read the body even if the append must fail: refusing early may reset the connection and lose
    // the answer. Refuse early only if the client expects 100 Continue, or the body is too large.
    const byteLength = declaredLength(request) ?? 0;
    if (request.expectsContinue || byteLength > maxObjectSize - position) {
      assertAppendable(objects.find(bucket, key), position, byteLength);
    }
  },

  async apply(context, body) {
    const { request, bucket, key, objects, now } = context;
    const position = readPosition(request);
    const record = await objects.exclusively(bucket, key, async (object) => {
      const found = object.record;
      assertAppendable(found, position, 0);
      await assertDigest(request.headers, body);
      assertAppendable(found, position, body.byteLength);
      if (found !== undefined && body.byteLength === 0) return found;
      const stamp = { etag: createEtag(), lastModified: now().getTime() };
      if (found === undefined) return object.append(body, stamp, attributesOf(context));
      const acl = laterAcl(context);
      if (acl !== undefined) await object.setAttributes({ ...found.attributes, acl });
      return object.append(body, stamp, found.attributes);
    });
    return {
      status: 200,
      headers: { ...writtenHeaders(record), 'x-oss-next-append-position': String(record.length) },
    };
  },
};

function attributesOf({ request, bucket, objects }: OperationContext): ObjectAttributes {
  const inherited = objects.findBucket(bucket)?.storageClass;
  return readAttributes(request.headers, { allowed: storageClasses, inherited });
}

/** An append to an existing object ignores all attributes except the ACL. */
function assertAttributes(context: OperationContext, found: ObjectRecord | undefined): void {
  if (found === undefined) attributesOf(context);
  else laterAcl(context);
}

/** @see https://help.aliyun.com/zh/oss/developer-reference/appendobject */
function laterAcl({ request: { headers } }: OperationContext): string | undefined {
  return headers.has('x-oss-object-acl') ? readObjectAcl(headers) : undefined;
}

/** Same order as in OSS: type and state of the object, then position, then size. */
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

/** The ETag of an appendable object is not an MD5, only unique per append. */
function createEtag(): string {
  return `"${randomUUID().replaceAll('-', '').toUpperCase()}"`;
}
