import { channel, tracingChannel } from 'node:diagnostics_channel';
import type { AppendReceipt } from './append-client.js';
import type { SettledReconciliation } from './delivery/reconcile.js';
import type { RetryNotice } from './retry-policy.js';

/**
 * Message of `tracing:oss-append-stream:append:*`: one attempt to append. Node adds `result` (the
 * receipt) or `error`. It contains neither credentials nor bytes.
 */
export interface AppendTrace {
  readonly key: string;
  readonly position: number;
  readonly byteLength: number;

  /** The first is 1. */
  readonly attemptNumber: number;
}

/** Message of `oss-append-stream:retry`. */
export interface RetryMessage extends RetryNotice {
  readonly key: string;
}

/** Message of `oss-append-stream:reconcile`. */
export interface ReconcileMessage {
  readonly key: string;
  readonly outcome: SettledReconciliation['outcome'];
  readonly position: number;
}

const appendChannel = tracingChannel<AppendTrace, AppendTrace>('oss-append-stream:append');
const retryChannel = channel('oss-append-stream:retry');
const reconcileChannel = channel('oss-append-stream:reconcile');

/** Runs one attempt, and publishes its outcome if there are subscribers. */
export function traceAppend(
  trace: AppendTrace,
  run: () => Promise<AppendReceipt>,
): Promise<AppendReceipt> {
  return appendChannel.hasSubscribers ? appendChannel.tracePromise(run, trace) : run();
}

export function publishRetry(message: RetryMessage): void {
  if (retryChannel.hasSubscribers) retryChannel.publish(message);
}

export function publishReconcile(message: ReconcileMessage): void {
  if (reconcileChannel.hasSubscribers) reconcileChannel.publish(message);
}
