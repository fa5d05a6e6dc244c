import type { RollReason } from '../append/appender-options.js';
import type { SettledReconciliation } from '../append/delivery/reconcile.js';
import type { RetryNotice } from '../append/retry-policy.js';

/** The object has been opened. */
export interface ReadyEvent {
  readonly key: string;

  /** Length of the object in bytes: position of the first append. */
  readonly position: number;
}

/** OSS has confirmed that bytes are in the object. */
export interface CommitEvent {
  readonly key: string;

  /** Position of the first of these bytes. */
  readonly position: number;

  readonly byteLength: number;

  /** Appends sent for these bytes, including the first. */
  readonly attempts: number;

  /** `x-oss-request-id` of the append; `undefined` when reconciling found the bytes. */
  readonly requestId: string | undefined;

  /** Milliseconds since the chunk was cut, including retries and the wait for a connection. */
  readonly duration: number;
}

/** An attempt failed and another follows. */
export type RetryEvent = RetryNotice;

/** The stream has found out from the object whether an append landed. */
export interface ReconcileEvent {
  readonly outcome: SettledReconciliation['outcome'];
  readonly key: string;

  /** Position of the append in question. */
  readonly position: number;
}

/** The stream has sealed an object that it will not append to any more, or tried to. */
export interface SealEvent {
  readonly key: string;

  /** Length of the object in bytes, as committed by the stream. */
  readonly position: number;

  /** Why the object could not be sealed; everything is committed all the same. */
  readonly error: Error | undefined;
}

/** The stream is through with one object, and goes on with the next. */
export interface RolloverEvent {
  /** The object that it is through with, and its length in bytes as committed by the stream. */
  readonly from: { readonly key: string; readonly position: number };

  /** The next object, which its first bytes create. */
  readonly to: { readonly key: string };

  /**
   * - `size`: the next record would make the object longer than `rollover.maxSize`
   * - `interval`: the next record was accepted in another period than those before it
   * - `full`: OSS allows no longer object
   * - `sealed`: the object is sealed, or not appendable
   * - `conflict`: another writer has appended to the object
   */
  readonly reason: RollReason;
}

/** Lines of a logger were dropped, because they arrived faster than they could be appended. */
export interface DropEvent {
  /** Number of lines; 0 if the bytes are the rest of a line that an earlier event counted. */
  readonly count: number;

  /** Bytes dropped. */
  readonly byteLength: number;
}

/** Events of {@link AppendWritable} in addition to Node's own. */
export interface AppendWritableEvents {
  ready: [ReadyEvent];
  commit: [CommitEvent];
  retry: [RetryEvent];
  reconcile: [ReconcileEvent];
  seal: [SealEvent];
  rollover: [RolloverEvent];
}
