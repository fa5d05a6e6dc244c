import { setTimeout as wait } from 'node:timers/promises';
import type { StoredObject } from '../objects/stored-object.js';
import type { OperationContext } from '../operations/operation.js';
import type { Answer } from '../protocol/answer.js';
import { Hangup } from '../protocol/hangup.js';
import {
  accessDenied,
  internalError,
  OssError,
  positionNotEqualToLength,
} from '../protocol/oss-error.js';
import { type Content, contentOf } from '../storage/content.js';
import type { Fault, FaultKind } from './fault.js';

/** Default milliseconds of `delay` and `apply-late`. */
export const defaultDelay = 100;

/**
 * Applies a fault before the body is read.
 *
 * @throws {OssError} If the request is to be refused.
 */
export function strikeEarly(kind: FaultKind, { bucket, key, objects }: OperationContext): void {
  switch (kind) {
    case 'forbid':
      throw accessDenied('You have no right to access this object.');
    case 'error-503':
      throw new OssError(503, 'ServiceUnavailable', 'Please reduce your request rate.');
    case 'expired-token':
      throw new OssError(
        403,
        'SecurityTokenExpired',
        'The security token you provided has expired.',
        {
          ec: '0002-00000007',
        },
      );
    case 'early-conflict':
      throw positionNotEqualToLength(objects.find(bucket, key)?.length ?? 0);
    default:
  }
}

/**
 * Applies a fault after the body has been read and before the request is applied.
 *
 * @throws {Hangup} If the connection is to be closed.
 * @throws {OssError} If the request is to be refused.
 */
export async function strikeBeforeApply(
  fault: Fault,
  scene: OperationContext & { readonly signal: AbortSignal },
  body: Content,
): Promise<void> {
  switch (fault.kind) {
    case 'cut-request':
    case 'drop-request':
      throw new Hangup();
    case 'error-500':
      throw internalError();
    case 'delay':
      return wait(fault.delay ?? defaultDelay, undefined, { signal: scene.signal });
    case 'stranger':
      return changeObject(scene, (object) => appendAsStranger(object, scene, body));
    case 'stranger-drop':
      await changeObject(scene, (object) => appendAsStranger(object, scene, body));
      throw new Hangup();
    case 'delete':
      return changeObject(scene, (object) => object.delete());
    case 'replace':
      return changeObject(scene, (object) => replaceObject(object, scene));
    case 'seal':
      return changeObject(scene, (object) => sealObject(object, scene));
    case 'retain':
      throw new OssError(409, 'FileImmutable', 'The object is under retention');
    default:
  }
}

/** Applies a fault to an answer. */
export function alterAnswer(kind: FaultKind, answer: Answer): Answer {
  switch (kind) {
    case 'hide-crc': {
      const { 'x-oss-hash-crc64ecma': _, ...headers } = answer.headers;
      return { ...answer, headers };
    }
    case 'wrong-crc': {
      const crc64 = answer.headers['x-oss-hash-crc64ecma'];
      if (crc64 === undefined) return answer;
      const wrong = String(BigInt(crc64) ^ 1n);
      return { ...answer, headers: { ...answer.headers, 'x-oss-hash-crc64ecma': wrong } };
    }
    default:
      return answer;
  }
}

/** The answer of a gateway that lost its upstream, without OSS's headers. */
export function gatewayAnswer(method: string): Answer {
  const body = Buffer.from('<html><body><h1>502 Bad Gateway</h1></body></html>\n');
  return {
    status: 502,
    headers: { 'content-type': 'text/html', 'content-length': String(body.byteLength) },
    ...(method === 'HEAD' ? {} : { body }),
  };
}

async function changeObject(
  { bucket, key, objects }: OperationContext,
  change: (object: StoredObject) => Promise<void>,
): Promise<void> {
  if (key !== '') await objects.exclusively(bucket, key, change);
}

async function appendAsStranger(
  object: StoredObject,
  { crc64, now }: OperationContext,
  body: Content,
): Promise<void> {
  const found = object.record;
  if (found?.type === 'Normal' || found?.sealedAt !== undefined) return;
  const inverted = body.pieces.map((piece) => piece.map((byte) => byte ^ 0xff));
  const content = contentOf(inverted.length > 0 ? inverted : [Buffer.from('?')], crc64);
  const stamp = { etag: '"STRANGER"', lastModified: now().getTime() };
  await object.append(content, stamp, plainAttributes);
}

async function replaceObject(
  object: StoredObject,
  { crc64, now }: OperationContext,
): Promise<void> {
  const content = contentOf(replacement(object.record?.length || 1), crc64);
  const stamp = { etag: '"REPLACED"', lastModified: now().getTime() };
  await object.replace(content, stamp, plainAttributes);
}

/** Yields any number of bytes without holding them: the same piece repeatedly. */
function* replacement(byteLength: number): Generator<Uint8Array> {
  const piece = Buffer.alloc(Math.min(byteLength, 2 ** 16), 'replaced ');
  for (let rest = byteLength; rest > 0; rest -= piece.byteLength) yield piece.subarray(0, rest);
}

async function sealObject(object: StoredObject, { now }: OperationContext): Promise<void> {
  if (object.record?.type === 'Appendable') await object.seal(now().getTime());
}

const plainAttributes = {
  headers: { 'content-type': 'application/octet-stream' },
  storageClass: 'Standard',
  acl: 'default',
  tags: [],
};
