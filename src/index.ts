export type {
  AppendClient,
  AppendFailure,
  AppendObjectOptions,
  AppendOutcome,
  AppendReceipt,
  CopiedCreation,
  GetObjectOptions,
  HeaderValue,
  ObjectCreation,
  ObjectState,
  RequestOptions,
} from './append/append-client.js';
export type { AppendTrace, ReconcileMessage, RetryMessage } from './append/diagnostics.js';
export type { RetryOptions } from './append/retry-policy.js';
export type { ConvertOptions, ConvertProgress, ConvertSource } from './convert/convert-options.js';
export { type ConvertResult, convertToAppendable } from './convert/convert-to-appendable.js';
export {
  type AnyAppendError,
  AppendError,
  type AppendErrorCode,
  ChecksumError,
  CredentialsError,
  DivergedError,
  isAppendError,
  LinesDroppedError,
  NotAppendableError,
  ObjectExistsError,
  ObjectFullError,
  ObjectMissingError,
  OssRequestError,
  OssServiceError,
  RecordTooLongError,
  RetriesExhaustedError,
  ShutdownTimeoutError,
  SourceObjectError,
  UnconfirmedError,
} from './errors.js';
export type { Credentials, CredentialsProvider } from './oss/credentials/credentials.js';
export type { Addressing } from './oss/endpoint.js';
export { OssClient, type OssClientOptions } from './oss/oss-client.js';
export { AppendReadable } from './read/append-readable.js';
export type { AppendReadableEvents, ReadRolloverEvent } from './read/evented-readable.js';
export type { ReadClient } from './read/read-requests.js';
export type {
  AppendReadableOptions,
  FollowedRolloverOptions,
  FollowOptions,
  ReadPosition,
} from './read/readable-options.js';
export type { KeyFields } from './rollover/key-template.js';
export { type AppendResult, AppendWritable } from './stream/append-writable.js';
export type {
  AppendWritableEvents,
  CommitEvent,
  ReadyEvent,
  ReconcileEvent,
  RetryEvent,
  RolloverEvent,
  SealEvent,
} from './stream/events.js';
export type { AppendWritableOptions, RolloverOptions } from './stream/options.js';
export type { AppendStatistics } from './stream/stream-events.js';
export type { UncommittedBytes } from './stream/uncommitted-bytes.js';
