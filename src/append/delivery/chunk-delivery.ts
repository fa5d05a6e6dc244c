import { ChecksumError, isAppendError } from '../../errors.js';
import { ProgrammingError } from '../../programming-error.js';
import { nextTurn, nodeTimers } from '../../timers/node-timers.js';
import type { AppendReceipt, ObjectState } from '../append-client.js';
import { leastObjectLimit, maxAppendableObjectSize } from '../append-target.js';
import { AbandonedRequestError } from '../request-runner.js';
import { FailedAttempt, judge, type RetryNotice } from '../retry-policy.js';
import { attemptInTurn } from './delivery-attempts.js';
import {
  divergedError,
  notAppendableError,
  objectFullError,
  retriesExhaustedError,
  unconfirmedError,
} from './delivery-errors.js';
import type { DeliveryListener, DeliveryOptions, Obstacle } from './delivery-options.js';
import type { FrozenChunk } from './frozen-chunk.js';
import { reconcileChunk } from './reconcile-chunk.js';
import { checkReceipt, sendChunk } from './send-chunk.js';

/**
 * Where a delivery is:
 * - `waiting`: nothing is in flight, and the object has not been probed since the last append
 * - `sending`: an append is in flight
 * - `probing`: a probe is in flight that tells whether the append landed
 * - `probed`: that probe has succeeded or failed
 * - `settled`: the whole chunk is committed
 */
type Stage = 'waiting' | 'sending' | 'probing' | 'probed' | 'settled';

/**
 * Result of a probe: some bytes of the chunk are committed, or it can be sent again, or it can be sent
 * to the object's new end.
 */
type Finding = Settled | 'again';
type Settled = 'committed' | 'rebased';

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
  #hasConflicted = false;
  readonly #startedAt = nodeTimers.now();

  /** Milliseconds. */
  #appendDuration = 0;

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

  /** Whether another writer was faster. */
  get hasConflicted(): boolean {
    return this.#hasConflicted;
  }

  /** Milliseconds from the last append to its answer. */
  get appendDuration(): number {
    return this.#appendDuration;
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
    // A chunk that was rebased goes on at once: whoever waited would never get its turn.
    while (!(await this.#attemptOnce())) await nextTurn();
  }

  /** Resolves with whether bytes have been committed; if not, the chunk has been rebased. */
  async #attemptOnce(): Promise<boolean> {
    if (this.#chunk.doubt !== 'none' && (await this.#reconcile()) === 'committed') return true;
    this.#assertFits();
    let failure: unknown;
    try {
      const receipt = await this.#append();
      const crc64 = await checkReceipt(this.#chunk, receipt, this.#options);
      this.#commit(this.#chunk.bytes.byteLength, crc64, receipt.requestId);
      return true;
    } catch (thrown) {
      failure = thrown;
    }
    this.#stage = 'waiting';
    return (await this.#afterFailure(failure)) === 'committed';
  }

  #assertFits(): void {
    const chunk = this.#chunk;
    const { position } = chunk.target;
    const sharedSize = this.#options.sharedSize();
    if (position + chunk.bytes.byteLength > maxAppendableObjectSize) this.#obstacle = 'full';
    else if (position >= sharedSize) this.#obstacle = 'size';
    else return;
    throw objectFullError(chunk, Math.min(sharedSize, maxAppendableObjectSize));
  }

  async #append(): Promise<AppendReceipt> {
    const isFirst = this.#attempts++ === 0;
    this.#stage = 'sending';
    this.#listener.attempted();
    const onSent = isFirst ? () => this.#listener.sent() : undefined;
    const startedAt = nodeTimers.now();
    const receipt = await sendChunk(this.#chunk, this.#options, this.#attempts, onSent);
    this.#appendDuration = nodeTimers.now() - startedAt;
    return receipt;
  }

  /** Resolves when bytes turn out to be committed despite the failure, or the chunk is rebased. */
  async #afterFailure(thrown: unknown): Promise<Settled> {
    this.#options.signal.throwIfAborted();
    if (thrown instanceof ChecksumError) throw thrown;
    const { outcome, answered, actualLength, error } = judge(thrown);
    if (error instanceof AbandonedRequestError) this.#isAbandoned = true;
    let finding: Finding = 'again';
    switch (outcome) {
      case 'rejected':
        break;
      case 'unknown':
        this.#chunk.raiseDoubt(answered ? 'unknown' : 'unanswered');
        if (error instanceof ProgrammingError) return this.#reconcileAtLast(error);
        // After an answered failure back off first; after silence probe now: it may be stored.
        if (!answered) finding = await this.#reconcile();
        break;
      case 'conflict':
        finding = await this.#afterConflict(actualLength);
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
    if (finding === 'again' || (finding === 'rebased' && this.#isOverdue)) {
      throw new FailedAttempt(error);
    }
    return finding;
  }

  async #afterConflict(actualLength: number | undefined): Promise<Finding> {
    const chunk = this.#chunk;
    this.#hasConflicted = true;
    this.#listener.conflicted();
    const isMoved = actualLength !== undefined && actualLength !== chunk.target.position;
    if (this.#options.isShared && isMoved && chunk.doubt === 'none') {
      const length = actualLength;
      this.#rebase(length === 0 ? undefined : { length, crc64: undefined });
      return 'rebased';
    }
    chunk.conflicted(actualLength);
    return this.#reconcile();
  }

  /** The chunk is nowhere, and goes to the end of the object, which others have changed. */
  #rebase(found: Pick<ObjectState, 'length' | 'crc64'> | undefined): void {
    const { key, position } = this.#chunk.target;
    this.#chunk.rebase(
      found === undefined
        ? { key, position: 0, crc64: 0n, exists: false }
        : { key, position: found.length, crc64: found.crc64, exists: true },
    );
    this.#listener.reconciled('rebased', position);
  }

  /** Whether `maxRetryTime` is over, which alone limits how often the chunk is rebased. */
  get #isOverdue(): boolean {
    const { maxRetryTime = Number.POSITIVE_INFINITY } = this.#options.retry;
    return nodeTimers.now() - this.#startedAt >= maxRetryTime;
  }

  /**
   * For a failure that no retry can mend. Resolves if bytes are committed despite it.
   *
   * @throws {FailedAttempt} If the object may be sealed, so that the chunk may go on in another one, and
   *   no probe has shown that yet.
   */
  async #reconcileAtLast(cause: Error): Promise<Settled> {
    const mayBeSealed = this.#options.isMovable && obstacleOf(cause, this.#chunk) === 'sealed';
    const finding = await this.#reconcileOrGiveUp(cause, { mayAskAgain: mayBeSealed });
    // An object under retention shows no seal. However often it refuses the chunk, the attempt in doubt
    // may still land when the retention is over.
    if (finding === 'again') throw this.#unconfirmed(cause);
    return finding;
  }

  /** For when the retry budget is spent. Resolves if bytes are committed, which renews it. */
  async #settleOrGiveUp(cause: Error): Promise<void> {
    const chunk = this.#chunk;
    const needsProbe = chunk.doubt !== 'none' && this.#stage !== 'probed';
    if (needsProbe && (await this.#reconcileOrGiveUp(cause)) === 'committed') return;
    if (chunk.doubt !== 'none') throw this.#unconfirmed(cause);
    throw retriesExhaustedError(chunk, this.#attempts, cause);
  }

  /**
   * As {@link #reconcile}, when no other attempt follows.
   *
   * @param mayAskAgain Whether one may follow after all if the probe fails for a while.
   */
  async #reconcileOrGiveUp(cause: Error, { mayAskAgain = false } = {}): Promise<Finding> {
    try {
      return await this.#reconcile();
    } catch (error) {
      if (!(error instanceof FailedAttempt) || (mayAskAgain && !error.isPointless)) throw error;
      throw this.#unconfirmed(cause);
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
    if (reconciliation.outcome === 'rebased') {
      this.#rebase(reconciliation.state);
      return 'rebased';
    }
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
        if (this.#options.isMovable && reconciliation.state.sealed) chunk.refusedForGood();
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
