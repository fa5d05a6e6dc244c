import type { AppendFailure, AppendOutcome } from './append/append-client.js';

/** Stable codes of every error a caller is expected to handle. They change only in a major. */
export type AppendErrorCode =
  | 'APPEND_ERR_DIVERGED'
  | 'APPEND_ERR_UNCONFIRMED'
  | 'APPEND_ERR_RETRIES_EXHAUSTED'
  | 'APPEND_ERR_NOT_APPENDABLE'
  | 'APPEND_ERR_EXISTS'
  | 'APPEND_ERR_OBJECT_FULL'
  | 'APPEND_ERR_CHECKSUM'
  | 'APPEND_ERR_SERVICE'
  | 'APPEND_ERR_CREDENTIALS'
  | 'APPEND_ERR_SHUTDOWN_TIMEOUT'
  | 'APPEND_ERR_LINES_DROPPED';

// Registered globally, so that two copies of the package in one process know each other's errors.
const brand = Symbol.for('oss-append-stream.AppendError');

/** Base of every error a caller is expected to handle. Match on `code`, not on the message. */
export abstract class AppendError extends Error {
  abstract readonly code: AppendErrorCode;

  /** Bytes the stream had committed when this error ended it; absent on errors that ended none. */
  declare bytesWritten?: number;

  get [brand](): true {
    return true;
  }
}

/** Whether `error` is an {@link AppendError} of this or another copy of the package. */
export function isAppendError(error: unknown): error is AppendError {
  return typeof error === 'object' && error !== null && Reflect.get(error, brand) === true;
}

/**
 * The object holds bytes that this stream did not write, is shorter than it was, is gone, or is not
 * as long as the `position` option demanded.
 */
export class DivergedError extends AppendError {
  override readonly name = 'DivergedError';
  readonly code = 'APPEND_ERR_DIVERGED';
  readonly key: string;

  /** Position this stream was about to append at. */
  readonly position: number;

  /** Bytes in the object as the store reports them; 0 when it is gone. */
  readonly actualLength: number;

  constructor(
    message: string,
    fields: { key: string; position: number; actualLength: number },
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.key = fields.key;
    this.position = fields.position;
    this.actualLength = fields.actualLength;
  }
}

/** Gave up while nobody knows whether the chunk landed. Resending it blindly may duplicate it. */
export class UnconfirmedError extends AppendError {
  override readonly name = 'UnconfirmedError';
  readonly code = 'APPEND_ERR_UNCONFIRMED';
  readonly key: string;

  /** Position the chunk was appended at. */
  readonly position: number;

  /** Bytes in the chunk. */
  readonly byteLength: number;

  constructor(
    message: string,
    fields: { key: string; position: number; byteLength: number },
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.key = fields.key;
    this.position = fields.position;
    this.byteLength = fields.byteLength;
  }
}

/** Gave up, and the chunk is certainly not in the object. Resending it is safe. */
export class RetriesExhaustedError extends AppendError {
  override readonly name = 'RetriesExhaustedError';
  readonly code = 'APPEND_ERR_RETRIES_EXHAUSTED';
  readonly key: string;

  /** Position the chunk was appended at; `undefined` when the object could not be opened. */
  readonly position: number | undefined;

  /** Attempts made, the first included. */
  readonly attempts: number;

  constructor(
    message: string,
    fields: { key: string; position: number | undefined; attempts: number },
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.key = fields.key;
    this.position = fields.position;
    this.attempts = fields.attempts;
  }
}

/** The key holds a Normal or Multipart object, or one that is sealed or under retention. */
export class NotAppendableError extends AppendError {
  override readonly name = 'NotAppendableError';
  readonly code = 'APPEND_ERR_NOT_APPENDABLE';
  readonly key: string;

  /** The store's word for the kind of object, such as `Normal`; `undefined` when it did not say. */
  readonly objectType: string | undefined;

  /** What it means for the bytes, when a client throws it. */
  readonly outcome = 'fatal' satisfies AppendOutcome;

  constructor(
    message: string,
    fields: { key: string; objectType: string | undefined },
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.key = fields.key;
    this.objectType = fields.objectType;
  }
}

/** The object exists although `flags: 'ax'` demanded that it does not. */
export class ObjectExistsError extends AppendError {
  override readonly name = 'ObjectExistsError';
  readonly code = 'APPEND_ERR_EXISTS';
  readonly key: string;

  constructor(message: string, fields: { key: string }, options?: ErrorOptions) {
    super(message, options);
    this.key = fields.key;
  }
}

/** The next chunk would make the object longer than OSS allows. */
export class ObjectFullError extends AppendError {
  override readonly name = 'ObjectFullError';
  readonly code = 'APPEND_ERR_OBJECT_FULL';
  readonly key: string;

  /** Most bytes one appendable object holds. */
  readonly limit: number;

  constructor(message: string, fields: { key: string; limit: number }, options?: ErrorOptions) {
    super(message, options);
    this.key = fields.key;
    this.limit = fields.limit;
  }
}

/** OSS accepted an append, and its CRC-64 of the object differs from ours. */
export class ChecksumError extends AppendError {
  override readonly name = 'ChecksumError';
  readonly code = 'APPEND_ERR_CHECKSUM';
  readonly key: string;

  // Behind accessors, because a logger that prints own properties as JSON fails on a bigint.
  readonly #expected: bigint;
  readonly #actual: bigint;

  constructor(
    message: string,
    fields: { key: string; expected: bigint; actual: bigint },
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.key = fields.key;
    this.#expected = fields.expected;
    this.#actual = fields.actual;
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

/** What OSS said when it refused a request; every field may be missing from a proxy's answer. */
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

/** OSS refused a request for a reason that no other class names. */
export class OssServiceError extends AppendError implements AppendFailure {
  override readonly name = 'OssServiceError';
  readonly code = 'APPEND_ERR_SERVICE';

  /** HTTP status code. */
  readonly status: number;

  /** `Code` of the error document, such as `NoSuchBucket`. */
  readonly ossCode: string | undefined;

  /** `x-oss-request-id`: what Alibaba Cloud support asks for. */
  readonly requestId: string | undefined;

  /** `x-oss-ec`: a finer code, for diagnosis only. */
  readonly ec: string | undefined;

  /** Endpoint that the bucket must be reached at, where OSS names it. */
  readonly endpoint: string | undefined;

  /** Bucket and key of the request. */
  readonly bucket: string | undefined;
  readonly key: string | undefined;

  /** What it means for the bytes of the request. */
  readonly outcome: AppendOutcome;

  /** With the outcome `unknown`: whether OSS itself answered. */
  readonly answered: boolean | undefined;

  /** With the outcome `conflict`: bytes in the object, where OSS told. */
  readonly actualLength: number | undefined;

  constructor(message: string, fields: OssServiceErrorFields, options?: ErrorOptions) {
    super(message, options);
    this.status = fields.status;
    this.ossCode = fields.ossCode;
    this.requestId = fields.requestId;
    this.ec = fields.ec;
    this.endpoint = fields.endpoint;
    this.bucket = fields.bucket;
    this.key = fields.key;
    this.outcome = fields.outcome;
    this.answered = fields.answered;
    this.actualLength = fields.actualLength;
  }
}

/** No credentials were found, or the function that provides them failed. */
export class CredentialsError extends AppendError implements AppendFailure {
  override readonly name = 'CredentialsError';
  readonly code = 'APPEND_ERR_CREDENTIALS';

  /** `rejected` when the provider has worked before, so that trying again may help. */
  readonly outcome: 'rejected' | 'fatal';

  constructor(message: string, fields: { outcome: 'rejected' | 'fatal' }, options?: ErrorOptions) {
    super(message, options);
    this.outcome = fields.outcome;
  }
}

/**
 * A log, or the command line, took longer to end than `shutdownTimeout` allows. `cause` is why
 * nothing could be committed lately, where a request failed.
 */
export class ShutdownTimeoutError extends AppendError {
  override readonly name = 'ShutdownTimeoutError';
  readonly code = 'APPEND_ERR_SHUTDOWN_TIMEOUT';
}

/** A logger wrote lines of which `overflow` dropped some, so that they never get into the object. */
export class LinesDroppedError extends AppendError {
  override readonly name = 'LinesDroppedError';
  readonly code = 'APPEND_ERR_LINES_DROPPED';
}
