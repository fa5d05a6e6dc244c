import type { AppendReceipt, ObjectState } from '../../append/append-client.js';
import { OssRequestError } from '../../errors.js';
import { type HttpAnswer, type HttpHeaders, headerOf, sanitizedHeader } from '../http/message.js';
import type { ByteRange } from '../request/oss-request.js';
import { readCreation } from './creation.js';
import { readErrorDocument } from './error-document.js';
import { readContentRange, readCrc64, readLength } from './response-headers.js';
import { type AnsweredRequest, serviceError } from './service-error.js';

/**
 * Reads the answer to an append.
 *
 * @throws {OssServiceError} If OSS refused it, or something else answered.
 * @throws {NotAppendableError} If the object cannot be appended to.
 * @throws {OssRequestError} If a successful answer lacks the next position.
 * @see https://help.aliyun.com/zh/oss/developer-reference/appendobject
 */
export function readReceipt(answer: HttpAnswer, request: AnsweredRequest): AppendReceipt {
  const requestId = assertSuccess(answer, request);
  const nextPosition = readLength(answer.headers, 'x-oss-next-append-position');
  if (nextPosition === undefined) {
    throw unusable(request, '200 without a usable x-oss-next-append-position');
  }
  return { nextPosition, crc64: readCrc64(answer.headers), requestId };
}

/**
 * Reads the answer to a HEAD; `undefined` means that the object does not exist.
 *
 * @throws {OssServiceError} If OSS refused it, or something else answered.
 * @throws {OssRequestError} If the answer has no length.
 * @see https://help.aliyun.com/zh/oss/developer-reference/headobject
 */
export function readObjectState(
  answer: HttpAnswer,
  request: AnsweredRequest,
): ObjectState | undefined {
  if (isNoSuchKey(answer)) return undefined;
  assertSuccess(answer, request);
  const { headers } = answer;
  // The answer for an appendable object has both headers; a proxy may change `content-length`.
  const name =
    headers['x-oss-next-append-position'] === undefined
      ? 'content-length'
      : 'x-oss-next-append-position';
  const length = readLength(headers, name);
  if (length === undefined) throw unusable(request, `200 without a usable ${name}`);
  const objectType = sanitizedHeader(headers, 'x-oss-object-type');
  return {
    length,
    crc64: readCrc64(headers),
    // Assumed without the header, which a proxy may strip: OSS refuses to append to other types.
    appendable: !objectType || objectType.toLowerCase() === 'appendable',
    sealed: headers['x-oss-sealed-time'] !== undefined,
    objectType,
    etag: sanitizedHeader(headers, 'etag'),
    creation: readCreation(headers),
  };
}

/** Checks the answer to a seal; a successful one has no content. */
export function readSeal(answer: HttpAnswer, request: AnsweredRequest): void {
  assertSuccess(answer, request);
}

/**
 * Checks that the answer to a GET has the requested bytes.
 *
 * @see https://help.aliyun.com/zh/oss/developer-reference/getobject
 */
export function assertRange(
  answer: HttpAnswer,
  range: ByteRange | undefined,
  request: AnsweredRequest,
): void {
  assertSuccess(answer, request, range === undefined ? 200 : 206);
  if (range === undefined) {
    if (!isFramed(answer.headers)) throw unusable(request, '200 with a body of unknown length');
  } else if (!isRange(answer.headers, range)) {
    throw unusable(request, '206 with bytes other than those requested');
  }
}

/** Whether OSS refused a range because the object ends at or before `start`. */
export function isBeyondEnd({ status, headers }: HttpAnswer, start: number): boolean {
  if (status !== 416 || headerOf(headers, 'x-oss-request-id') === undefined) return false;
  const [, length] = /^bytes \*\/(\d+)$/.exec(headerOf(headers, 'content-range') ?? '') ?? [];
  return length === undefined || Number(length) <= start;
}

/** Whether a complete body can be distinguished from a truncated one. */
function isFramed(headers: HttpHeaders): boolean {
  const isChunked = /\bchunked$/i.test(headerOf(headers, 'transfer-encoding') ?? '');
  return isChunked || headers['content-length'] !== undefined;
}

function isRange(headers: HttpHeaders, { start, end }: ByteRange): boolean {
  const range = readContentRange(headers);
  // Fewer bytes than requested mean that the object ends there.
  return range?.first === start && (end === undefined || range.last < end);
}

function assertSuccess(answer: HttpAnswer, request: AnsweredRequest, success = 200): string {
  const requestId = sanitizedHeader(answer.headers, 'x-oss-request-id');
  if (answer.status === success && requestId !== undefined) return requestId;
  if (requestId === undefined || answer.status >= 300) throw serviceError(answer, request);
  throw unusable(request, `${answer.status} instead of ${success}`);
}

function unusable(request: AnsweredRequest, what: string): OssRequestError {
  return new OssRequestError(`Cannot ${request.describe()}: OSS answered ${what}`, {
    outcome: 'unknown',
    answered: false,
  });
}

/** Whether the object is missing. A missing bucket is a 404 too. */
function isNoSuchKey(answer: HttpAnswer): boolean {
  if (answer.status !== 404 || headerOf(answer.headers, 'x-oss-request-id') === undefined) {
    return false;
  }
  const { code = 'NoSuchKey' } = readErrorDocument(answer);
  return code === 'NoSuchKey';
}
