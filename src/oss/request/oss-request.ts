import { createHash } from 'node:crypto';
import type {
  AppendObjectOptions,
  GetObjectOptions,
  RequestOptions,
} from '../../append/append-client.js';
import { typeError } from '../../assertions.js';
import { creationHeaders } from './creation-headers.js';
import { assertObjectKey } from './object-key.js';
import { requestHeaders } from './request-headers.js';

/** The part of a request to OSS that its signature covers. */
export interface SignableOssRequest {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly key: string;

  /** Encoded, and sorted by code unit, as the signature requires. */
  readonly query: string;

  /** Lower-case names. Requests without headers share one object, which is fast to compare. */
  readonly headers: Readonly<Record<string, string>>;

  /** The probable request after this one and `index` further ones of its size have succeeded. */
  readonly next?: ((index: number) => SignableOssRequest) | undefined;
}

/** A request to OSS, not signed yet. */
export interface OssRequest extends SignableOssRequest {
  readonly body?: Uint8Array | undefined;

  /** Says what the request does, for use after "Cannot" in an error message. */
  readonly describe: () => string;
}

/** @see https://help.aliyun.com/zh/oss/developer-reference/appendobject */
export function appendRequest(
  target: { readonly key: string; readonly position: number },
  body: Uint8Array,
  options: AppendObjectOptions,
): OssRequest {
  const { key, position } = target;
  assertObjectKey(key);
  assertByteCount('position', position);
  if (!(body instanceof Uint8Array)) {
    throw new TypeError(
      `Cannot append as the body must be a Uint8Array: its type is ${typeof body}`,
    );
  }
  const { create, contentMd5 } = options;
  const headers = requestHeaders(options);
  // `next` outlives the request, and must not keep its body in memory.
  const { byteLength } = body;
  return {
    method: 'POST',
    key,
    query: `append&position=${position}`,
    // Without further headers the object is shared, which is fast to compare.
    headers:
      create === undefined && contentMd5 !== true
        ? headers
        : {
            ...headers,
            ...(create && creationHeaders(create)),
            ...(contentMd5 === true && { 'content-md5': md5Of(body) }),
          },
    body,
    next: (index) => {
      const next = position + (1 + index) * byteLength;
      return { method: 'POST', key, query: `append&position=${next}`, headers };
    },
    describe: () => `append ${byteLength} bytes to ${JSON.stringify(key)} at position ${position}`,
  };
}

function md5Of(body: Uint8Array): string {
  return createHash('md5').update(body).digest('base64');
}

/** @see https://help.aliyun.com/zh/oss/developer-reference/headobject */
export function headRequest(key: string, options: RequestOptions): OssRequest {
  assertObjectKey(key);
  return {
    method: 'HEAD',
    key,
    query: '',
    headers: requestHeaders(options),
    describe: () => `read the state of ${JSON.stringify(key)}`,
  };
}

/** Range of bytes to read, `end` exclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number | undefined;
}

/** Checks a range; `undefined` means the whole object. */
export function byteRange({ start = 0, end }: GetObjectOptions): ByteRange | undefined {
  assertByteCount('start', start);
  if (end === undefined) return start === 0 ? undefined : { start, end };
  assertByteCount('end', end);
  if (end >= start) return { start, end };
  throw new RangeError(
    `Cannot read as 'end' must not be less than 'start', ${start}: current value is ${end}`,
  );
}

/** @see https://help.aliyun.com/zh/oss/developer-reference/getobject */
export function getRequest(
  key: string,
  range: ByteRange | undefined,
  options: GetObjectOptions,
): OssRequest {
  assertObjectKey(key);
  const { ifMatch } = options;
  if (ifMatch !== undefined) assertEntityTag(ifMatch);
  return {
    method: 'GET',
    key,
    query: '',
    headers: {
      ...requestHeaders(options),
      ...(range && rangeHeaders(range)),
      ...(ifMatch !== undefined && { 'if-match': ifMatch }),
    },
    describe: () => `read ${JSON.stringify(key)}`,
  };
}

// A line break would start another header.
/** Whether `value` can be sent as an ETag. */
export function isEntityTag(value: unknown): value is string {
  return typeof value === 'string' && /^[!-~]+$/.test(value);
}

function assertEntityTag(value: string): void {
  if (isEntityTag(value)) return;
  throw typeError('read', 'ifMatch', 'a string of printable ASCII without spaces', value);
}

function rangeHeaders({ start, end }: ByteRange): Record<string, string> {
  return {
    range: `bytes=${start}-${end === undefined ? '' : end - 1}`,
    // Without it, OSS answers a range beyond the end with the whole object.
    'x-oss-range-behavior': 'standard',
  };
}

/** @see https://help.aliyun.com/zh/oss/developer-reference/sealappendobject */
export function sealRequest(key: string, position: number, options: RequestOptions): OssRequest {
  assertObjectKey(key);
  assertByteCount('position', position);
  return {
    method: 'POST',
    key,
    query: `position=${position}&seal`,
    headers: requestHeaders(options),
    describe: () => `seal ${JSON.stringify(key)} at position ${position}`,
  };
}

function assertByteCount(name: string, value: number): void {
  if (typeof value !== 'number') {
    throw new TypeError(
      `Cannot send a request as '${name}' must be a number: its type is ${typeof value}`,
    );
  }
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(
      `Cannot send a request as '${name}' must be a non-negative safe integer: current value is ${value}`,
    );
  }
}
