import type { SettledReconciliation } from '../append/reconcile.js';
import type { RetryNotice } from '../append/retry-policy.js';

/** The object has been opened. */
export interface ReadyEvent {
  readonly key: string;

  /** Bytes in the object: where the first append goes. */
  readonly position: number;
}

/** Bytes are in the object, as OSS confirmed. */
export interface CommitEvent {
  readonly key: string;

  /** Position of the first of these bytes. */
  readonly position: number;

  readonly byteLength: number;

  /** Appends sent for them, the first included. */
  readonly attempts: number;

  /** `x-oss-request-id` of the append; `undefined` when the object was asked instead. */
  readonly requestId: string | undefined;

  /** Milliseconds since the chunk was cut: retries, and waiting for a connection, included. */
  readonly duration: number;
}

/** An attempt failed and another follows. */
export type RetryEvent = RetryNotice;

/** The object was asked what became of an append. */
export interface ReconcileEvent {
  readonly outcome: SettledReconciliation['outcome'];
  readonly key: string;

  /** Position of the append in question. */
  readonly position: number;
}

/** A logger's lines were dropped, because they came faster than they could be appended. */
export interface DropEvent {
  /** How many; none, when these bytes are the rest of one that was told of before. */
  readonly count: number;

  /** Their bytes. */
  readonly byteLength: number;
}

/** What {@link AppendWritable} emits besides Node's own events. */
export interface AppendWritableEvents {
  ready: [ReadyEvent];
  commit: [CommitEvent];
  retry: [RetryEvent];
  reconcile: [ReconcileEvent];
}
