import { readPosition } from '../checks/position.js';
import { noSuchKey, OssError, positionNotEqualToLength } from '../protocol/oss-error.js';
import type { Operation } from './operation.js';

/** @see https://help.aliyun.com/zh/oss/developer-reference/sealappendobject */
export const sealAppendObject: Operation = {
  name: 'seal',
  method: 'POST',
  target: 'object',
  flag: 'seal',
  parameters: ['position'],
  readsBody: false,

  check({ request }) {
    readPosition(request);
  },

  async apply({ request, bucket, key, objects, now }) {
    const position = readPosition(request);
    const record = await objects.exclusively(bucket, key, async (object) => {
      const found = object.record;
      if (found === undefined) throw noSuchKey(key);
      if (found.type !== 'Appendable') {
        throw new OssError(409, 'AppendSealedObjectNotAllowed', 'The object is not appendable');
      }
      if (position !== found.length) throw positionNotEqualToLength(found.length);
      return object.seal(now().getTime());
    });
    const sealedTime = new Date(record.sealedAt ?? 0).toUTCString();
    return {
      status: 200,
      headers: { 'content-length': '0', 'x-oss-sealed-time': sealedTime },
    };
  },
};
