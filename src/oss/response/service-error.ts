import type { AppendOutcome } from '../../append/append-client.js';
import { NotAppendableError, OssServiceError } from '../../errors.js';
import { type HttpAnswer, sanitizedHeader } from '../http/message.js';
import { type ErrorDocument, readErrorDocument } from './error-document.js';
import { readLength } from './response-headers.js';

/** The request that was answered, as errors describe it. */
export interface AnsweredRequest {
  readonly bucket?: string | undefined;
  readonly key: string;

  /** Says what the request does, after "Cannot": `append 5 bytes to "a.log" at position 0`. */
  readonly describe: () => string;
}

/** Creates the error for an unsuccessful answer. */
export function serviceError(
  answer: HttpAnswer,
  request: AnsweredRequest,
): OssServiceError | NotAppendableError {
  const requestId = sanitizedHeader(answer.headers, 'x-oss-request-id');
  const document = requestId === undefined ? {} : readErrorDocument(answer);
  const told = describeAnswer(answer, document, requestId);
  const message = `Cannot ${request.describe()}: ${told}${adviceFor(answer.status, document, request)}`;

  if (isNotAppendable(answer.status, document)) {
    const objectType = sanitizedHeader(answer.headers, 'x-oss-object-type');
    return new NotAppendableError(message, { key: request.key, objectType });
  }
  const actualLength = readLength(answer.headers, 'x-oss-next-append-position');
  const meaning = meaningOf(answer.status, document, { requestId, actualLength });
  return new OssServiceError(message, {
    status: answer.status,
    ossCode: document.code,
    requestId,
    ec: document.ec,
    endpoint: document.endpoint,
    bucket: request.bucket,
    key: request.key,
    ...meaning,
  });
}

function adviceFor(status: number, { code }: ErrorDocument, { bucket }: AnsweredRequest): string {
  if (status === 413) {
    return "; the body is larger than that server accepts: make 'chunkSize' smaller";
  }
  return code === 'NoSuchBucket' && bucket !== undefined ? `; the bucket is "${bucket}"` : '';
}

// Sources disagree on the status of a sealed object's refusal (400 or 409), so the code decides.
const notAppendableCodes = new Set([
  'ObjectNotAppendable',
  'AppendSealedObjectNotAllowed',
  'FileImmutable',
]);

function isNotAppendable(status: number, { code = '' }: ErrorDocument): boolean {
  return status >= 400 && status < 500 && notAppendableCodes.has(code);
}

interface Meaning {
  readonly outcome: AppendOutcome;
  readonly answered?: boolean;
  readonly actualLength?: number | undefined;
}

/** @see https://help.aliyun.com/zh/oss/support/http-400-status-code and its siblings */
function meaningOf(
  status: number,
  { code }: ErrorDocument,
  { requestId, actualLength }: { requestId: string | undefined; actualLength: number | undefined },
): Meaning {
  // From OSS or a gateway alike: nothing was stored, and the same body would be refused again.
  if (status === 413) return { outcome: 'fatal' };
  // The answer is a gateway's own: OSS may have the request, or may still receive it.
  if (requestId === undefined) return { outcome: 'unknown', answered: false };
  switch (status) {
    case 400:
      return { outcome: isCutShort(code) ? 'rejected' : 'fatal' };
    case 403:
      return { outcome: code === undefined || code === 'AccessDenied' ? 'forbidden' : 'fatal' };
    case 408:
    case 429:
    case 500:
    case 503:
      return { outcome: 'unknown', answered: true };
    case 409:
      // No other conflict has a position, so it suffices if the error document is unreadable.
      return code === 'PositionNotEqualToLength' ||
        (code === undefined && actualLength !== undefined)
        ? { outcome: 'conflict', actualLength }
        : { outcome: 'fatal' };
    default:
      return status >= 300 && status < 500
        ? { outcome: 'fatal' }
        : { outcome: 'unknown', answered: false };
  }
}

/** Whether OSS stored nothing because the body arrived incomplete or corrupted. */
function isCutShort(code: string | undefined): boolean {
  switch (code) {
    case 'RequestTimeout':
    case 'IncompleteBody':
    case 'InvalidDigest':
    case 'InvalidCRC64':
      return true;
    default:
      return false;
  }
}

/** Quotes only these fields: the error document for a wrong signature repeats the signed text. */
function describeAnswer(
  { status, proxy }: HttpAnswer,
  { code, message = '', endpoint }: ErrorDocument,
  requestId: string | undefined,
): string {
  if (requestId === undefined) {
    const suspect = proxy === undefined ? '' : `, perhaps the proxy at ${proxy},`;
    return `something other than OSS${suspect} answered ${status}`;
  }
  const name = code === undefined ? '' : ` ${code}`;
  const reason = message === '' ? '' : `: ${message.replace(/\.$/, '')}`;
  const elsewhere = endpoint === undefined ? '' : `, the endpoint is ${endpoint}`;
  return `OSS answered ${status}${name}${reason}${elsewhere} (request id ${requestId})`;
}
