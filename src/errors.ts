/**
 * The consequence of a failed request for its bytes:
 * - `rejected`: certainly not stored, worth trying again
 * - `unknown`: perhaps stored, perhaps not
 * - `conflict`: the position named is not the object's length
 * - `forbidden`: refused for lack of a permission, certainly not stored
 * - `fatal`: certainly not stored, and trying again is pointless
 */
export type AppendOutcome = 'rejected' | 'unknown' | 'conflict' | 'forbidden' | 'fatal';

/**
 * The error of a failed request. Without `outcome` it counts as `unknown` and unanswered; a
 * `TypeError` or `ReferenceError` is then not retried either, unless it is the error of `fetch` for
 * a failed network.
 */
export interface AppendFailure extends Error {
  readonly outcome: AppendOutcome;

  /**
   * With `unknown`: whether the store itself answered, so that the request is no longer under way.
   * A request without an answer may be applied at any later time.
   */
  readonly answered?: boolean | undefined;

  /** With `conflict`: length of the object in bytes, if the answer gave it. */
  readonly actualLength?: number | undefined;
}

// A global symbol, so that two copies of the package in one process recognize each other's errors.
const brand = Symbol.for('oss-append-stream.AppendError');

/** Base of every error a caller is expected to handle. Match on `code`, not on the message. */
export abstract class AppendError<Fields extends object = object> extends Error {
  abstract readonly code: string;

  /** Bytes the stream had committed when this error ended it; absent if it ended no stream. */
  declare bytesWritten?: number;

  /** @param fields The fields that the class declares. */
  constructor(message: string, fields: Fields, options?: ErrorOptions) {
    super(message, options);
    Object.assign(this, fields);
  }

  get [brand](): true {
    return true;
  }
}

/** Every error a caller is expected to handle. Checking `code` narrows to the class. */
export type AnyAppendError =
  | DivergedError
  | UnconfirmedError
  | RetriesExhaustedError
  | NotAppendableError
  | ObjectExistsError
  | ObjectMissingError
  | ObjectFullError
  | RecordTooLongError
  | ChecksumError
  | OssServiceError
  | OssRequestError
  | CredentialsError
  | ShutdownTimeoutError
  | LinesDroppedError
  | SourceObjectError;

/** Stable codes. They change only in a major. */
export type AppendErrorCode = AnyAppendError['code'];

/** Whether `error` is an {@link AppendError} of this or another copy of the package. */
export function isAppendError(error: unknown): error is AnyAppendError {
  return typeof error === 'object' && error !== null && Reflect.get(error, brand) === true;
}

/**
 * The object holds bytes that this stream did not write, is shorter than it was, is gone, or does
 * not have the length that the `position` option requires. When it is read: it was truncated,
 * replaced or rewritten, so that it does not begin with the bytes that were read.
 */
export class DivergedError extends AppendError<{
  key: string;
  position: number;
  actualLength: number;
  provedTo?: number;
}> {
  override readonly name = 'DivergedError';
  readonly code = 'APPEND_ERR_DIVERGED';
  declare readonly key: string;

  /** Position this stream was about to append at, or to read at. */
  declare readonly position: number;

  /** Bytes in the object as the store reports them; 0 when it is gone. */
  declare readonly actualLength: number;

  /**
   * Of a stream that reads: all bytes that were passed on before this position are proved. Those from
   * there on may be other bytes than the writer's. With a `start` other than 0 it remains that `start`
   * where the first poll found bytes, because nothing proves these.
   */
  declare readonly provedTo?: number;
}

/** The stream gave up, and the chunk may be in the object. Blindly resending may duplicate it. */
export class UnconfirmedError extends AppendError<{
  key: string;
  position: number;
  byteLength: number;
}> {
  override readonly name = 'UnconfirmedError';
  readonly code = 'APPEND_ERR_UNCONFIRMED';
  declare readonly key: string;

  /** Position the chunk was appended at. */
  declare readonly position: number;

  /** Bytes in the chunk. */
  declare readonly byteLength: number;
}

/** The stream gave up, and the chunk is certainly not in the object. Resending it is safe. */
export class RetriesExhaustedError extends AppendError<{
  key: string;
  position: number | undefined;
  attempts: number;
}> {
  override readonly name = 'RetriesExhaustedError';
  readonly code = 'APPEND_ERR_RETRIES_EXHAUSTED';
  declare readonly key: string;

  /** Position the chunk was appended at; `undefined` when the object could not be opened. */
  declare readonly position: number | undefined;

  /** Attempts made, including the first. */
  declare readonly attempts: number;
}

/** The key holds a Normal or Multipart object, or one that is sealed or under retention. */
export class NotAppendableError extends AppendError<{
  key: string;
  objectType: string | undefined;
}> {
  override readonly name = 'NotAppendableError';
  readonly code = 'APPEND_ERR_NOT_APPENDABLE';
  declare readonly key: string;

  /** Type of the object, such as `Normal`; `undefined` when the store did not return it. */
  declare readonly objectType: string | undefined;

  /** What the failure means for the bytes of the request, when a client throws it. */
  readonly outcome = 'fatal' satisfies AppendOutcome;
}

/** There is no object to read, and the reader does not wait for it. */
export class ObjectMissingError extends AppendError<{ key: string }> {
  override readonly name = 'ObjectMissingError';
  readonly code = 'APPEND_ERR_MISSING';
  declare readonly key: string;
}

/**
 * The object exists, and `flags: 'ax'` requires that it does not, or a conversion would have to create
 * it: it is empty and has other headers than the source.
 */
export class ObjectExistsError extends AppendError<{ key: string }> {
  override readonly name = 'ObjectExistsError';
  readonly code = 'APPEND_ERR_EXISTS';
  declare readonly key: string;
}

/** The next chunk would make the object longer than OSS allows. */
export class ObjectFullError extends AppendError<{ key: string; limit: number }> {
  override readonly name = 'ObjectFullError';
  readonly code = 'APPEND_ERR_OBJECT_FULL';
  declare readonly key: string;

  /** Maximum length of an appendable object in bytes. */
  declare readonly limit: number;
}

/**
 * An object cannot be converted: it is `'missing'`, its `'type'` is not Normal or Multipart, its
 * `'length'` is more than OSS allows for an appendable object, an append cannot send one of its
 * `'header'`s, or it was `'changed'` meanwhile.
 */
export class SourceObjectError extends AppendError<{
  key: string;
  reason: 'missing' | 'type' | 'length' | 'header' | 'changed';
}> {
  override readonly name = 'SourceObjectError';
  readonly code = 'APPEND_ERR_SOURCE';
  declare readonly key: string;
  declare readonly reason: 'missing' | 'type' | 'length' | 'header' | 'changed';
}

/** A record is longer than `highWaterMark`, and with `conflict: 'rebase'` must not be divided. */
export class RecordTooLongError extends AppendError<{
  key: string;
  byteLength: number;
  limit: number;
}> {
  override readonly name = 'RecordTooLongError';
  readonly code = 'APPEND_ERR_RECORD_TOO_LONG';
  declare readonly key: string;

  /** Bytes of the record as far as it was written. */
  declare readonly byteLength: number;

  /** Maximum bytes of a record. */
  declare readonly limit: number;
}

/** OSS accepted an append, and its CRC-64 of the object differs from ours. */
export class ChecksumError extends AppendError<{ key: string }> {
  override readonly name = 'ChecksumError';
  readonly code = 'APPEND_ERR_CHECKSUM';
  declare readonly key: string;

  // Accessors, because loggers that print own properties as JSON throw on a bigint.
  readonly #expected: bigint;
  readonly #actual: bigint;

  constructor(
    message: string,
    { key, expected, actual }: { key: string; expected: bigint; actual: bigint },
    options?: ErrorOptions,
  ) {
    super(message, { key }, options);
    this.#expected = expected;
    this.#actual = actual;
  }

  /** CRC-64 of the whole object as this stream computes it. */
  get expected(): bigint {
    return this.#expected;
  }

  /** CRC-64 of the whole object as the store reports it. */
  get actual(): bigint {
    return this.#actual;
  }
}

/** What OSS returned when it refused a request; the answer of a proxy may lack any field. */
export interface OssServiceErrorFields {
  readonly status: number;
  readonly ossCode: string | undefined;
  readonly requestId: string | undefined;
  readonly ec: string | undefined;
  readonly endpoint?: string | undefined;
  readonly bucket?: string | undefined;
  readonly key?: string | undefined;
  readonly outcome: AppendOutcome;
  readonly answered?: boolean | undefined;
  readonly actualLength?: number | undefined;
}

/** OSS refused a request for a reason that has no class of its own. */
export class OssServiceError extends AppendError<OssServiceErrorFields> implements AppendFailure {
  override readonly name = 'OssServiceError';
  readonly code = 'APPEND_ERR_SERVICE';

  /** HTTP status code. */
  declare readonly status: number;

  /** `Code` of the error document, such as `NoSuchBucket`. */
  declare readonly ossCode: string | undefined;

  /** `x-oss-request-id`, which Alibaba Cloud support asks for. */
  declare readonly requestId: string | undefined;

  /** `x-oss-ec`: a finer code, for diagnosis only. */
  declare readonly ec: string | undefined;

  /** Endpoint to use for the bucket, if OSS named one. */
  declare readonly endpoint: string | undefined;

  /** Bucket and key of the request. */
  declare readonly bucket: string | undefined;
  declare readonly key: string | undefined;

  /** What the failure means for the bytes of the request. */
  declare readonly outcome: AppendOutcome;

  /** With the outcome `unknown`: whether OSS itself answered. */
  declare readonly answered: boolean | undefined;

  /** With the outcome `conflict`: length of the object in bytes, if OSS gave it. */
  declare readonly actualLength: number | undefined;
}

/** A request failed without a usable answer from OSS. */
export class OssRequestError
  extends AppendError<{ outcome: AppendOutcome; answered?: boolean | undefined }>
  implements AppendFailure
{
  /** `AbortError` when the caller's signal ended the request. */
  override readonly name: 'OssRequestError' | 'AbortError';
  readonly code = 'APPEND_ERR_REQUEST';

  /** What the failure means for the bytes of the request. */
  declare readonly outcome: AppendOutcome;

  /** With the outcome `unknown`: whether OSS itself answered. */
  declare readonly answered: boolean | undefined;

  constructor(
    message: string,
    fields: { outcome: AppendOutcome; answered?: boolean; name?: 'AbortError' },
    options?: ErrorOptions,
  ) {
    const { outcome, answered, name = 'OssRequestError' } = fields;
    super(message, { outcome, answered }, options);
    this.name = name;
  }
}

/** No credentials were found, or the function that provides them failed. */
export class CredentialsError
  extends AppendError<{ outcome: 'rejected' | 'fatal' }>
  implements AppendFailure
{
  override readonly name = 'CredentialsError';
  readonly code = 'APPEND_ERR_CREDENTIALS';

  /** `rejected` when the provider has worked before, so that a retry may succeed. */
  declare readonly outcome: 'rejected' | 'fatal';
}

/**
 * A log, or the command line, took longer to end than `shutdownTimeout` allows. If requests were
 * failing, `cause` is the latest failure.
 */
export class ShutdownTimeoutError extends AppendError {
  override readonly name = 'ShutdownTimeoutError';
  readonly code = 'APPEND_ERR_SHUTDOWN_TIMEOUT';
}

/**
 * The `overflow` option, or the maximum length of a line, dropped some of the lines written, so they
 * never get into the object.
 */
export class LinesDroppedError extends AppendError {
  override readonly name = 'LinesDroppedError';
  readonly code = 'APPEND_ERR_LINES_DROPPED';
}
