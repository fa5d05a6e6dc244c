import { assertDigest, md5Of } from '../content-digest.js';
import { readAttributes, writtenHeaders } from '../object-headers.js';
import { assertSized, maxObjectSize } from '../object-size.js';
import { entityTooLarge } from '../oss-error.js';
import { declaredLength } from '../request.js';
import type { Operation } from './operation.js';

const storageClasses = ['Standard', 'IA', 'Archive', 'ColdArchive', 'DeepColdArchive'];

/** @see https://help.aliyun.com/zh/oss/developer-reference/putobject */
export const putObject: Operation = {
  name: 'put',
  method: 'PUT',
  target: 'object',
  readsBody: true,

  check({ request }) {
    readAttributes(request.headers, storageClasses);
    assertSized(request);
    if ((declaredLength(request) ?? 0) > maxObjectSize) throw entityTooLarge();
  },

  async apply({ request, bucket, key, objects, now }, body) {
    assertDigest(request.headers, body);
    const etag = `"${md5Of(body, 'hex').toUpperCase()}"`;
    const attributes = readAttributes(request.headers, storageClasses);
    const record = await objects.exclusively(bucket, key, (object) =>
      object.replace(body, { etag, lastModified: now().getTime() }, attributes),
    );
    const contentMd5 = md5Of(body, 'base64');
    return {
      status: 200,
      headers: { ...writtenHeaders(record), 'content-md5': contentMd5 },
    };
  },
};
