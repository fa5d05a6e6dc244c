import type { Mark } from '../buffer/object-ends.js';
import type { AppendClient, ObjectCreation } from './append-client.js';
import type { AppendTarget } from './append-target.js';
import type { Commit, Obstacle } from './delivery/delivery-options.js';
import type { SettledReconciliation } from './delivery/reconcile.js';
import type { ObjectSeries } from './open-last-object.js';
import type { RequestRunnerOptions } from './request-runner.js';
import type { RetryNotice, RetryOptions } from './retry-policy.js';

export interface AppenderOptions extends Omit<RequestRunnerOptions, 'signal'> {
  readonly client: AppendClient;
  readonly key: string;
  readonly flags: 'a' | 'ax';
  readonly position: number | undefined;
  readonly verify: 'crc64' | 'none';
  readonly retry: RetryOptions;
  readonly create: ObjectCreation;

  /** Whether to seal each object when everything for it has been committed. */
  readonly seal: boolean;

  /** The objects to append to in turn; without it there is one. */
  readonly series: ObjectSeries | undefined;

  /** What a conflict with another writer does: ends the stream, ends the object, or nothing. */
  readonly conflict: 'fail' | 'rollover' | 'rebase';

  /** Maximum bytes of a record with `conflict: 'rebase'`. */
  readonly maxRecordSize: number;
}

/** Why a stream goes on to the next object. */
export type RollReason = Mark['reason'] | Obstacle;

/** Called synchronously and in order. None of these may throw. */
export interface AppenderListener {
  ready(key: string, position: number): void;
  attempted(): void;

  /** Another writer has appended first. */
  conflicted(): void;
  retrying(key: string, notice: RetryNotice): void;
  reconciled(key: string, outcome: SettledReconciliation['outcome'], position: number): void;

  /** @param duration Milliseconds since the chunk was cut. */
  committed(commit: Commit, duration: number): void;

  /** @param error Why the object could not be sealed. */
  sealed(key: string, position: number, error: Error | undefined): void;

  /** The appender is through with `from`, and goes on with the new object `key`. */
  rolled(from: AppendTarget, key: string, reason: RollReason): void;

  /** The appender has given up, and waits to be destroyed. */
  failed(key: string, error: Error): void;
}

/** The bytes that were cut from the buffer and are not known to be committed. */
export interface InFlight {
  /** Position of the first of these bytes; `undefined` before the object was opened. */
  readonly position: number | undefined;

  /** The chunk in flight, if any. */
  readonly pieces: readonly Buffer[];

  /** Whether these bytes are certainly not in the object, and will never be. */
  readonly isConfirmed: boolean;
}
