import type { Place } from '../../buffer/acknowledgements.js';
import type { AppendTarget } from '../append-target.js';
import type { RetryNotice, RetryOptions } from '../retry-policy.js';
import type { SettledReconciliation } from './reconcile.js';
import type { ReconcileChunkOptions } from './reconcile-chunk.js';

export interface DeliveryOptions extends ReconcileChunkOptions {
  readonly retry: RetryOptions;
  readonly verify: 'crc64' | 'none';
  readonly signal: AbortSignal;

  /** Maximum bytes of an object, if others append to it too and go on with the next one then. */
  readonly sharedSize: number;
}

/** Bytes confirmed to be in the object `key`, from `start` up to, but not including, `end`. */
export interface Commit extends Place {
  /** The object after these bytes. */
  readonly target: AppendTarget;

  /** Appends sent for the chunk so far. */
  readonly attempts: number;
  readonly requestId: string | undefined;
}

/**
 * Why an object takes no more bytes:
 * - `conflict`: another writer has appended to it, or replaced it
 * - `sealed`: it is sealed, or of another type
 * - `full`: it would become longer than OSS allows
 * - `size`: others have made it as long as it may be
 */
export type Obstacle = 'conflict' | 'sealed' | 'full' | 'size';

/** Called synchronously and in order. None of these may throw. */
export interface DeliveryListener {
  /** An append is about to be handed to the client. */
  attempted(): void;

  /** The first append has been sent, and its body had a turn of the event loop to leave. */
  sent(): void;
  committed(commit: Commit): void;

  /** The store has refused the position. */
  conflicted(): void;
  retrying(notice: RetryNotice): void;
  reconciled(outcome: SettledReconciliation['outcome'], position: number): void;
}
