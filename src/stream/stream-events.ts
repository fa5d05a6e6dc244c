import type { Writable } from 'node:stream';
import { debuglog } from 'node:util';
import type { AppenderListener } from '../append/appender-options.js';
import { publishReconcile, publishRetry } from '../append/diagnostics.js';
import type { WriteBuffer } from '../buffer/write-buffer.js';
import { nodeTimers } from '../timers/node-timers.js';
import type { AppendWritableEvents } from './events.js';

const debug = debuglog('oss-append-stream');

/** Counters of a stream: a plain snapshot that does not change. */
export interface AppendStatistics {
  /** Bytes accepted, committed or not; without those still in Node's own queue. */
  readonly bytesAccepted: number;
  readonly bytesCommitted: number;

  /** Bytes of the chunk that is being appended. */
  readonly bytesInFlight: number;

  /** Chunks committed; a chunk committed in parts counts once per part. */
  readonly appends: number;

  /** Appends sent, including those that failed. */
  readonly attempts: number;

  /** Failures that were followed by another attempt. */
  readonly retries: number;

  /** Times the stream found out from the object whether an append landed. */
  readonly reconciles: number;

  /** Appends that OSS refused because another writer had appended first. */
  readonly conflicts: number;

  /** Times the stream went on to another object. */
  readonly rollovers: number;

  /** When bytes were last committed. */
  readonly lastCommitAt: Date | undefined;

  /** Error of the latest failed attempt; `undefined` once an append has succeeded since. */
  readonly lastFailure: Error | undefined;
}

/** Counts the steps of an appender, emits them as events, and destroys the stream if it fails. */
export class StreamEvents implements AppenderListener {
  readonly #stream: Writable;
  #appends = 0;
  #attempts = 0;
  #retries = 0;
  #reconciles = 0;
  #conflicts = 0;
  #rollovers = 0;

  /** Milliseconds since 1970. */
  #lastCommitAt: number | undefined;
  #lastFailure: Error | undefined;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  snapshot({ bytesAccepted, bytesCommitted, bytesInFlight }: WriteBuffer): AppendStatistics {
    return {
      bytesAccepted,
      bytesCommitted,
      bytesInFlight,
      appends: this.#appends,
      attempts: this.#attempts,
      retries: this.#retries,
      reconciles: this.#reconciles,
      conflicts: this.#conflicts,
      rollovers: this.#rollovers,
      lastCommitAt: this.#lastCommitAt === undefined ? undefined : new Date(this.#lastCommitAt),
      lastFailure: this.#lastFailure,
    };
  }

  ready: AppenderListener['ready'] = (key, position) => {
    this.#lastFailure = undefined;
    debug('%s: opened at position %d', key, position);
    this.#emit('ready', { key, position });
  };

  attempted: AppenderListener['attempted'] = () => {
    this.#attempts++;
  };

  conflicted: AppenderListener['conflicted'] = () => {
    this.#conflicts++;
  };

  retrying: AppenderListener['retrying'] = (key, notice) => {
    this.#retries++;
    this.#lastFailure = notice.error;
    debug('%s: attempt %d failed: %s', key, notice.attemptNumber, notice.error.message);
    publishRetry({ key, ...notice });
    this.#emit('retry', notice);
  };

  reconciled: AppenderListener['reconciled'] = (key, outcome, position) => {
    this.#reconciles++;
    debug('%s: position %d is %s', key, position, outcome);
    publishReconcile({ key, outcome, position });
    this.#emit('reconcile', { outcome, key, position });
  };

  committed: AppenderListener['committed'] = (commit, duration) => {
    this.#appends++;
    this.#lastFailure = undefined;
    this.#lastCommitAt = nodeTimers.date();
    if (!debug.enabled && this.#stream.listenerCount('commit') === 0) return;
    const { key, start: position, end, attempts, requestId } = commit;
    const byteLength = end - position;
    debug('%s: %d bytes committed at position %d', key, byteLength, position);
    this.#emit('commit', { key, position, byteLength, attempts, requestId, duration });
  };

  sealed: AppenderListener['sealed'] = (key, position, error) => {
    if (error === undefined) this.#lastFailure = undefined;
    debug('%s: %s at position %d', key, error?.message ?? 'sealed', position);
    this.#emit('seal', { key, position, error });
  };

  rolled: AppenderListener['rolled'] = ({ key, position }, next, reason) => {
    this.#rollovers++;
    debug('%s: goes on with %s at position %d: %s', key, next, position, reason);
    this.#emit('rollover', { from: { key, position }, to: { key: next }, reason });
  };

  failed: AppenderListener['failed'] = (key, error) => {
    debug('%s: failed: %s', key, error.message);
    this.#stream.destroy(error);
  };

  // On the next tick, so that a listener that throws does not disturb the appender.
  #emit<E extends keyof AppendWritableEvents>(event: E, payload: AppendWritableEvents[E][0]): void {
    if (this.#stream.listenerCount(event) === 0) return;
    nodeTimers.nextTick(() => this.#stream.emit(event, payload));
  }
}
