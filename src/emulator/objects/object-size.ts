import { OssError } from '../protocol/oss-error.js';
import type { OssRequest } from '../protocol/request.js';

/**
 * Largest size of an object that is put or appended: 5 GiB.
 *
 * @see https://help.aliyun.com/zh/oss/developer-reference/appendobject
 */
export const maxObjectSize = 5 * 2 ** 30;

/** @throws {OssError} If the request gives neither a length nor a transfer encoding. */
export function assertSized({ headers }: OssRequest): void {
  if (headers.has('content-length') || headers.has('transfer-encoding')) return;
  throw new OssError(
    411,
    'MissingContentLength',
    'You must provide the Content-Length HTTP header.',
  );
}
