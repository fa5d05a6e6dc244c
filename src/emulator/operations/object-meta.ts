import { identityHeaders } from '../objects/object-headers.js';
import type { Answer } from '../protocol/answer.js';
import { noSuchKey } from '../protocol/oss-error.js';
import type { Operation, OperationContext } from './operation.js';

/** @see https://help.aliyun.com/zh/oss/developer-reference/getobjectmeta */
export const headObjectMeta: Operation = {
  name: 'object-meta',
  method: 'HEAD',
  target: 'object',
  flag: 'objectMeta',
  readsBody: false,

  apply: async (context) => ({ status: 200, headers: metaHeaders(context) }),
};

/**
 * The same with GET, for older SDKs. OSS sends no body here either, although `content-length` is
 * the object's length; so the connection cannot be reused.
 *
 * @see https://help.aliyun.com/document_detail/31985.html
 */
export const getObjectMeta: Operation = {
  ...headObjectMeta,
  method: 'GET',

  apply: async (context) => ({
    status: 200,
    headers: { ...metaHeaders(context), connection: 'close' },
  }),
};

function metaHeaders({ bucket, key, objects }: OperationContext): Answer['headers'] {
  const record = objects.find(bucket, key);
  if (record === undefined) throw noSuchKey(key);
  return { ...identityHeaders(record), 'content-length': String(record.length) };
}
