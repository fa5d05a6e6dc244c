import { assertDigest, md5Of } from '../checks/content-digest.js';
import { assertUnconditional } from '../checks/precondition.js';
import { assertTrafficLimit } from '../checks/traffic-limit.js';
import { readAttributes } from '../objects/creation-attributes.js';
import { writtenHeaders } from '../objects/object-headers.js';
import type { ObjectAttributes } from '../objects/object-record.js';
import { assertSized, maxObjectSize } from '../objects/object-size.js';
import { invalidArgument, OssError } from '../protocol/oss-error.js';
import { declaredLength } from '../protocol/request.js';
import { creationHeaders } from '../protocol/request-terms.js';
import type { Operation, OperationContext } from './operation.js';

const storageClasses = ['Standard', 'IA', 'Archive', 'ColdArchive', 'DeepColdArchive'];

/** @see https://help.aliyun.com/zh/oss/developer-reference/putobject */
export const putObject: Operation = {
  name: 'put',
  method: 'PUT',
  target: 'object',
  headers: creationHeaders,
  readsBody: true,

  check(context) {
    const { request } = context;
    assertUnconditional(request.headers);
    assertTrafficLimit(request);
    attributesOf(context);
    assertSized(request);
    if ((declaredLength(request) ?? 0) > maxObjectSize) {
      throw invalidArgument('The object you want to upload is larger than 5 GB.');
    }
  },

  async apply(context, body) {
    const { request, bucket, key, objects, now } = context;
    await assertDigest(request.headers, body);
    const md5 = await md5Of(body);
    const etag = `"${md5.toString('hex').toUpperCase()}"`;
    const isForbidden = request.headers.get('x-oss-forbid-overwrite') === 'true';
    const record = await objects.exclusively(bucket, key, async (object) => {
      if (isForbidden && object.record !== undefined) throw fileAlreadyExists(key);
      return object.replace(body, { etag, lastModified: now().getTime() }, attributesOf(context));
    });
    return {
      status: 200,
      headers: { ...writtenHeaders(record), 'content-md5': md5.toString('base64') },
    };
  },
};

function attributesOf({ request, bucket, objects }: OperationContext): ObjectAttributes {
  const inherited = objects.findBucket(bucket)?.storageClass;
  return readAttributes(request.headers, { allowed: storageClasses, inherited });
}

/** @see https://www.alibabacloud.com/help/en/oss/user-guide/http-status-code-409 */
function fileAlreadyExists(key: string): OssError {
  const message = 'The object you specified already exists and can not be overwritten.';
  return new OssError(409, 'FileAlreadyExists', message, { extras: { Key: key } });
}
