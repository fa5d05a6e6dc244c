import type { Place } from '../../buffer/acknowledgements.js';
import { ChecksumError, isAppendError } from '../../errors.js';
import { ProgrammingError } from '../../programming-error.js';
import { nodeTimers } from '../../timers/node-timers.js';
import type { AppendReceipt } from '../append-client.js';
import { type AppendTarget, leastObjectLimit } from '../append-target.js';
import { describeNumber } from '../describe-number.js';
import { traceAppend } from '../diagnostics.js';
import { AbandonedRequestError } from '../request-runner.js';
import { FailedAttempt, judge, type RetryNotice, type RetryOptions } from '../retry-policy.js';
import { attemptInTurn } from './delivery-attempts.js';
import {
  checksumError,
  divergedError,
  notAppendableError,
  retriesExhaustedError,
  unconfirmedError,
} from './delivery-errors.js';
import type { FrozenChunk } from './frozen-chunk.js';
import type { SettledReconciliation } from './reconcile.js';
import { type ReconcileChunkOptions, reconcileChunk } from './reconcile-chunk.js';

export interface DeliveryOptions extends ReconcileChunkOptions {
  readonly retry: RetryOptions;
  readonly verify: 'crc64' | 'none';
  readonly signal: AbortSignal;
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
 */
export type Obstacle = 'conflict' | 'sealed' | 'full';

/** Called synchronously and in order. None of these may throw. */
export interface DeliveryListener {
  /** An append is about to be handed to the client. */
  attempted(): void;

  /** The first append has been sent, and its body had a turn of the event loop to leave. */
  sent(): void;
  committed(commit: Commit): void;
  retrying(notice: RetryNotice): void;
  reconciled(outcome: SettledReconciliation['outcome'], position: number): void;
}

/**
 * Where a delivery is:
 * - `waiting`: nothing is in flight, and the object has not been probed since the last append
 * - `sending`: an append is in flight
 * - `probing`: a probe is in flight that tells whether the append landed
 * - `probed`: that probe has succeeded or failed
 * - `settled`: the whole chunk is committed
 */
type Stage = 'waiting' | 'sending' | 'probing' | 'probed' | 'settled';

/** Result of a probe: some bytes of the chunk are committed, or it can be sent again. */
type Finding = 'committed' | 'again';

/**
 * Appends one frozen chunk to the object, exactly once.
 *
 * It probes the object after an ambiguous failure, and again before the next attempt, because an
 * attempt without an answer may land after any probe.
 */
export class ChunkDelivery {
  readonly #chunk: FrozenChunk;
  readonly #options: DeliveryOptions;
  readonly #listener: DeliveryListener;
  #stage: Stage = 'waiting';
  #attempts = 0;
  #isAbandoned = false;
  #obstacle: Obstacle | undefined;

  constructor(chunk: FrozenChunk, options: DeliveryOptions, listener: DeliveryListener) {
    this.#chunk = chunk;
    this.#options = options;
    this.#listener = listener;
  }

  get status(): 'appending' | 'reconciling' | 'settled' {
    if (this.#stage === 'settled') return 'settled';
    return this.#stage === 'probing' ? 'reconciling' : 'appending';
  }

  get chunk(): FrozenChunk {
    return this.#chunk;
  }

  /** Whether the rest of the chunk may be in the object, or may still land. */
  get mayHaveLanded(): boolean {
    return this.#stage === 'sending' || this.#chunk.mayHaveLanded;
  }

  /** Whether a client may still read the bytes, since it ignored the signal. */
  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  /**
   * Why the object takes no more of the chunk, if the rest of it may go to another object: no attempt
   * has landed in this one, and none can land any more.
   */
  get obstacle(): Obstacle | undefined {
    return this.#obstacle;
  }

  /**
   * Resolves when the whole chunk has been committed, after the listener has been called.
   *
   * @throws {DivergedError} If the object holds other bytes than ours.
   * @throws {UnconfirmedError} If it gave up, and the chunk may have landed.
   * @throws {RetriesExhaustedError} If it gave up, and the chunk is certainly not in the object.
   * @throws {NotAppendableError} If the object accepts no more appends.
   * @throws {ChecksumError} If the store's checksum differs from ours after an append it accepted.
   */
  async run(): Promise<void> {
    // Not within `write()`: code that the client calls (a provider of credentials, a subscriber)
    // may write to the stream, or destroy it.
    await undefined;
    const { retry, signal } = this.#options;
    const onRetry = (notice: RetryNotice) => this.#listener.retrying(notice);
    // Each round after the first follows a partial commit, which renews the retry budget.
    while (!this.#isSettled) {
      try {
        await attemptInTurn(() => this.#attempt(), { retry, signal, onRetry });
      } catch (error) {
        // p-retry checks its signal after a success too; an abort must not undo a commit.
        if (this.#isSettled) return;
        if (!(error instanceof FailedAttempt)) throw error;
        await this.#settleOrGiveUp(error.cause);
      }
    }
  }

  // A getter, because the compiler assumes that the stage does not change during an `await`.
  get #isSettled(): boolean {
    return this.#stage === 'settled';
  }

  /** Resolves when bytes have been committed; throws `FailedAttempt` if another may follow. */
  async #attempt(): Promise<void> {
    if (this.#chunk.doubt !== 'none' && (await this.#reconcile()) === 'committed') return;
    let failure: unknown;
    try {
      return this.#accept(await this.#append());
    } catch (thrown) {
      failure = thrown;
    }
    this.#stage = 'waiting';
    await this.#afterFailure(failure);
  }

  async #append(): Promise<AppendReceipt> {
    const { client, create, requests, verify } = this.#options;
    const { key, position, exists } = this.#chunk.target;
    const body = this.#chunk.bytes;
    const { byteLength } = body;
    const isFirst = this.#attempts++ === 0;
    this.#stage = 'sending';
    this.#listener.attempted();
    const trace = { key, position, byteLength, attemptNumber: this.#attempts };
    const receiving = requests.run(byteLength, (options) =>
      traceAppend(trace, () =>
        client.appendObject(key, position, body, exists ? options : { ...options, create }),
      ),
    );
    if (isFirst) {
      // Computation before this turn delays the part of the body that the socket did not take.
      // An answer that arrives earlier ends the wait: it decides how to go on.
      await new Promise<void>((resume) => {
        receiving.then(
          () => resume(),
          () => resume(),
        );
        if (client.onBodyTaken === undefined) nodeTimers.setImmediate(resume);
        else client.onBodyTaken(byteLength, resume);
      });
      this.#listener.sent();
    }
    if (verify === 'crc64') this.#chunk.checksum();
    return receiving;
  }

  #accept(receipt: AppendReceipt): void {
    const { verify } = this.#options;
    const chunk = this.#chunk;
    if (!chunk.isAcceptedBy(receipt)) {
      throw new Error(
        `The answer names ${describeNumber(receipt?.nextPosition)} as the next position`,
      );
    }
    const actual = receipt.crc64;
    // Our own combined checksum replaces one that the answer lacks.
    const isComputed = verify === 'crc64' || actual === undefined;
    const crc64 = (isComputed ? chunk.crc64After() : undefined) ?? actual;
    if (verify === 'crc64' && actual !== undefined && actual !== crc64) {
      chunk.raiseDoubt('unanswered');
      throw checksumError(chunk, { expected: crc64 as bigint, actual });
    }
    this.#commit(chunk.bytes.byteLength, crc64, receipt.requestId);
  }

  /** Resolves when bytes turn out to be committed despite the failure. */
  async #afterFailure(thrown: unknown): Promise<void> {
    this.#options.signal.throwIfAborted();
    if (thrown instanceof ChecksumError) throw thrown;
    const { outcome, answered, actualLength, error } = judge(thrown);
    if (error instanceof AbandonedRequestError) this.#isAbandoned = true;
    switch (outcome) {
      case 'rejected':
        break;
      case 'unknown':
        this.#chunk.raiseDoubt(answered ? 'unknown' : 'unanswered');
        if (error instanceof ProgrammingError) return this.#reconcileAtLast(error);
        // After an answered failure back off first; after silence probe now: it may be stored.
        if (!answered && (await this.#reconcile()) === 'committed') return;
        break;
      case 'conflict':
        this.#chunk.conflicted(actualLength);
        if ((await this.#reconcile()) === 'committed') return;
        break;
      case 'forbidden':
      case 'fatal':
        if (this.#chunk.doubt === 'none') {
          this.#obstacle = obstacleOf(error, this.#chunk);
          throw error;
        }
        return this.#reconcileAtLast(error);
      default:
        outcome satisfies never;
    }
    throw new FailedAttempt(error);
  }

  /** For a failure that no retry can mend. Resolves if bytes are committed despite it. */
  async #reconcileAtLast(cause: Error): Promise<void> {
    if ((await this.#reconcileOrGiveUp(cause)) === 'again') throw this.#unconfirmed(cause);
  }

  /** For when the retry budget is spent. Resolves if bytes are committed, which renews it. */
  async #settleOrGiveUp(cause: Error): Promise<void> {
    const chunk = this.#chunk;
    const needsProbe = chunk.doubt !== 'none' && this.#stage !== 'probed';
    if (needsProbe && (await this.#reconcileOrGiveUp(cause)) === 'committed') return;
    if (chunk.doubt !== 'none') throw this.#unconfirmed(cause);
    throw retriesExhaustedError(chunk, this.#attempts, cause);
  }

  /** As {@link #reconcile}, when no other attempt follows. */
  async #reconcileOrGiveUp(cause: Error): Promise<Finding> {
    try {
      return await this.#reconcile();
    } catch (error) {
      throw error instanceof FailedAttempt ? this.#unconfirmed(cause) : error;
    }
  }

  /**
   * Probes the object to find out whether the chunk landed.
   *
   * @throws {FailedAttempt} If the probe itself failed.
   */
  async #reconcile(): Promise<Finding> {
    const chunk = this.#chunk;
    const { reconciliation, exists, isAbsent } = await this.#probe();
    this.#listener.reconciled(reconciliation.outcome, chunk.target.position);
    switch (reconciliation.outcome) {
      case 'committed':
        this.#commit(chunk.bytes.byteLength, reconciliation.crc64, undefined);
        return 'committed';
      case 'partial':
        this.#commit(reconciliation.byteLength, reconciliation.crc64, undefined);
        return 'committed';
      case 'not-committed':
        chunk.notCommitted({ ...chunk.target, crc64: reconciliation.crc64, exists });
        return 'again';
      case 'diverged':
        chunk.diverged(isAbsent);
        if (!chunk.mayHaveLanded) this.#obstacle = 'conflict';
        throw divergedError(chunk, reconciliation.actualLength);
      case 'not-appendable':
        chunk.notCommitted(chunk.target);
        if (reconciliation.state.sealed) chunk.refusedForGood();
        if (!chunk.mayHaveLanded) this.#obstacle = 'sealed';
        throw notAppendableError(chunk, reconciliation.state);
    }
  }

  async #probe(): ReturnType<typeof reconcileChunk> {
    this.#stage = 'probing';
    try {
      return await reconcileChunk(this.#chunk, this.#options);
    } catch (thrown) {
      this.#options.signal.throwIfAborted();
      const { outcome, error } = judge(thrown);
      throw new FailedAttempt(error, outcome);
    } finally {
      this.#stage = 'probed';
    }
  }

  #commit(byteLength: number, crc64: bigint | undefined, requestId: string | undefined): void {
    this.#chunk.committed(byteLength, crc64);
    this.#stage = this.#chunk.bytes.byteLength === 0 ? 'settled' : 'waiting';
    const { target } = this.#chunk;
    const { key, position: end } = target;
    const start = end - byteLength;
    const attempts = this.#attempts;
    this.#listener.committed({ key, start, end, target, attempts, requestId });
  }

  #unconfirmed(cause: Error): Error {
    return unconfirmedError(this.#chunk, cause);
  }
}

/** What a refusal says about the object that no retry can mend. */
function obstacleOf(refusal: Error, { target, bytes }: FrozenChunk): Obstacle | undefined {
  if (isAppendError(refusal) && refusal.code === 'APPEND_ERR_NOT_APPENDABLE') return 'sealed';
  return target.position + bytes.byteLength > leastObjectLimit ? 'full' : undefined;
}
