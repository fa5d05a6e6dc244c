export type {
  AppendClient,
  AppendFailure,
  AppendObjectOptions,
  AppendOutcome,
  AppendReceipt,
  GetObjectOptions,
  ObjectCreation,
  ObjectState,
  RequestOptions,
} from './append/append-client.js';
export type { AppendTrace, ReconcileMessage, RetryMessage } from './append/diagnostics.js';
export type { RetryOptions } from './append/retry-policy.js';
export { type AppendResult, AppendWritable } from './append-writable.js';
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
  OssRequestError,
  OssServiceError,
  RetriesExhaustedError,
  ShutdownTimeoutError,
  UnconfirmedError,
} from './errors.js';
export type {
  AppendWritableEvents,
  CommitEvent,
  ReadyEvent,
  ReconcileEvent,
  RetryEvent,
} from './events.js';
export type { AppendWritableOptions } from './options.js';
export type { Credentials, CredentialsProvider } from './oss/credentials.js';
export type { Addressing } from './oss/endpoint.js';
export { OssClient, type OssClientOptions } from './oss/oss-client.js';
export type { AppendStatistics } from './reporter.js';
export type { UncommittedBytes } from './uncommitted-bytes.js';
