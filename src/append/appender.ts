import type { Mark } from '../buffer/object-ends.js';
import type { WriteBuffer } from '../buffer/write-buffer.js';
import { loadCrc64 } from '../crc64.js';
import { nodeTimers } from '../timers/node-timers.js';
import type { AppendTarget } from './append-target.js';
import type {
  AppenderListener,
  AppenderOptions,
  InFlight,
  RollReason,
} from './appender-options.js';
import { ChunkDelivery } from './delivery/chunk-delivery.js';
import { recordTooLongError } from './delivery/delivery-errors.js';
import type {
  Commit,
  DeliveryListener,
  DeliveryOptions,
  Obstacle,
} from './delivery/delivery-options.js';
import { FrozenChunk } from './delivery/frozen-chunk.js';
import {
  maxBlindRefusals,
  maxRefusals,
  nextTarget,
  skipExistingObjects,
  targetBehindRefusal,
} from './next-object.js';
import { ObjectProbe } from './object-probe.js';
import { type ObjectSeries, openLastObject } from './open-last-object.js';
import { openObject } from './open-object.js';
import { RequestRunner } from './request-runner.js';
import type { RetryNotice } from './retry-policy.js';
import { sealObject } from './seal-object.js';
import { TurnTaking } from './turn-taking.js';

/** The same for every chunk. */
type DeliveryTerms = Omit<DeliveryOptions, 'isShared'>;

/*
 *  opening ──► idle ──► appending ──ok──► idle
 *               │           │ unknown, conflict
 *               │           ▼
 *               │      reconciling ──committed──► idle        (position moved past the chunk)
 *               │           │  ├──not committed──► appending  (same bytes, same position)
 *               │           │  └──cannot land any more──► appending  (same bytes, next object)
 *               │           └──diverged, or gave up──► failed
 *               └──the next bytes are for the next object──► idle  (position 0)
 *
 *  Ending leads from idle to closed. An object that is left is sealed on the way if `seal` is set.
 *  Destroying leads to closed from every state. Appending and reconciling are one state here, since
 *  both belong to one chunk: its delivery knows which.
 */
type AppenderState =
  | { readonly status: 'opening' }
  | { readonly status: 'idle'; readonly target: AppendTarget }
  | { readonly status: 'delivering'; readonly delivery: ChunkDelivery }
  | { readonly status: 'sealing' }
  | { readonly status: 'failed'; readonly delivery: ChunkDelivery | undefined }
  | { readonly status: 'closed' };

/**
 * Appends bytes to an object, or to several in turn: in order, one chunk in flight at a time, each
 * exactly once.
 *
 * One pump starts the next step that the state allows; each change of the state calls it.
 */
export class Appender {
  readonly #options: AppenderOptions;
  readonly #listener: AppenderListener;
  readonly #requests: RequestRunner;
  readonly #probe: ObjectProbe;
  readonly #buffer: WriteBuffer;
  readonly #controller = new AbortController();
  #state: AppenderState = { status: 'opening' };
  #target: AppendTarget | undefined;

  /** Set when the object is open. */
  #delivering: DeliveryTerms | undefined;
  #onEnd: (() => void) | undefined;

  /** Whether this stream has committed bytes to the target. */
  #hasCommitted = false;

  /** Objects that have refused the chunk in flight, one after the other. */
  #refusals = 0;

  readonly #turns = new TurnTaking();

  /** Whether a client may still read the bytes of the chunk in flight. */
  #isAbandoned = false;

  /** When the chunk in flight was cut. */
  #cutAt = 0;

  /** Shared by all deliveries, since only one runs at a time. */
  readonly #deliveryListener: DeliveryListener = {
    attempted: () => this.#listener.attempted(),
    conflicted: () => this.#listener.conflicted(),
    // On the next tick, since resuming calls listeners of 'drain', which are user code.
    sent: () => nodeTimers.nextTick(() => this.#buffer.resume()),
    retrying: (notice) => this.#listener.retrying(this.key, notice),
    reconciled: (outcome, position) => this.#listener.reconciled(this.key, outcome, position),
    committed: (commit) => this.#committed(commit),
  };

  /** @param buffer Source of the chunks. */
  constructor(buffer: WriteBuffer, options: AppenderOptions, listener: AppenderListener) {
    this.#options = options;
    this.#listener = listener;
    this.#requests = new RequestRunner({ ...options, signal: this.#controller.signal });
    this.#probe = new ObjectProbe(options.client, this.#requests, () => listener.headForbidden());
    this.#buffer = buffer;
    buffer.serve(() => this.#pump());
  }

  /** The state, by its name in the diagram above. */
  get status(): 'opening' | 'idle' | ChunkDelivery['status'] | 'sealing' | 'failed' | 'closed' {
    return this.#state.status === 'delivering' ? this.#state.delivery.status : this.#state.status;
  }

  /** Key of the object. */
  get key(): string {
    return this.#target?.key ?? this.#options.series?.rollover.key ?? this.#options.key;
  }

  /** Confirmed position of the next append; `undefined` before the object was opened. */
  get position(): number | undefined {
    return this.#target?.position;
  }

  /** CRC-64 of the object up to `position`; `undefined` before opening and if OSS gave none. */
  get crc64(): bigint | undefined {
    return this.#target?.crc64;
  }

  /** Finds out where the object ends; writes are accepted meanwhile. */
  async open(): Promise<void> {
    const { signal } = this.#controller;
    try {
      // An aborted signal, or a listener, may destroy the stream before the first request.
      await undefined;
      signal.throwIfAborted();
      const { series } = this.#options;
      const options = this.#requestOptions;
      const opening =
        series === undefined
          ? openObject(this.#probe, options)
          : openLastObject(this.#probe, series, options);
      const [target, crc64] = await Promise.all([opening, loadCrc64()]);
      if (signal.aborted) return;
      const [probe, isMovable] = [this.#probe, this.#isSeries];
      const sharedSize = () => this.#sharedSize;
      this.#delivering = { ...options, probe, crc64, isMovable, sharedSize };
      this.#target = target;
      this.#state = { status: 'idle', target };
      this.#buffer.open(target.key, target.position);
      this.#listener.ready(target.key, target.position);
      this.#pump();
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  /** Commits everything, creates the object if it does not exist yet, and calls back. */
  end(callback: () => void): void {
    this.#onEnd = callback;
    this.#buffer.drain();
    this.#pump();
  }

  /**
   * Stops at once, and returns the bytes that it has taken and not committed.
   *
   * @param reason Abort reason of the request under way.
   */
  destroy(reason: Error): InFlight {
    const delivery = 'delivery' in this.#state ? this.#state.delivery : undefined;
    const isConfirmed = !(delivery?.mayHaveLanded ?? false);
    this.#state = { status: 'closed' };
    this.#turns.close();
    this.#controller.abort(reason);
    if (delivery === undefined) return { position: this.position, pieces: [], isConfirmed };
    const { target, bytes } = delivery.chunk;
    return { position: target.position, pieces: [bytes], isConfirmed };
  }

  /** Options of requests that do not belong to a chunk. */
  get #requestOptions() {
    return {
      ...this.#options,
      requests: this.#requests,
      signal: this.#controller.signal,
      onRetry: (notice: RetryNotice) => this.#listener.retrying(this.key, notice),
    };
  }

  /** Starts the next step that the state allows, if any. */
  #pump(): void {
    if (this.#state.status !== 'idle' || this.#turns.isYielding) return;
    const { target } = this.#state;
    const { mark, isDue, tooLong } = this.#buffer;
    if (mark !== undefined) {
      void this.#leave(target, () => this.#roll(target));
    } else if (isDue || (this.#isEnding && !target.exists && !this.#isSeries)) {
      // An empty chunk creates the only object although nothing was written.
      this.#deliver(target);
    } else if (tooLong !== undefined) {
      this.#fail(recordTooLongError(this.key, tooLong, this.#options.maxRecordSize));
    } else if (this.#isEnding) {
      void this.#leave(target, () => this.#finish());
    }
  }

  get #isEnding(): boolean {
    return this.#onEnd !== undefined;
  }

  get #isSeries(): boolean {
    return this.#options.series !== undefined;
  }

  /** Whether others may append to the object too: with `'ax'` not before this stream has created it. */
  get #isShared(): boolean {
    const { conflict, flags } = this.#options;
    return conflict === 'rebase' && (flags === 'a' || this.#hasCommitted);
  }

  /** Beyond `maxSize` only what must not leave the object is appended to one that others fill too. */
  get #sharedSize(): number {
    const { conflict, series } = this.#options;
    const isLimited = conflict === 'rebase' && this.#buffer.isDivisible;
    return (isLimited ? series?.maxSize : undefined) ?? Number.POSITIVE_INFINITY;
  }

  /**
   * Seals the object if it is to be sealed, and then goes on: not within `write()`, because the
   * application's function for keys might destroy the stream.
   */
  async #leave(target: AppendTarget, next: () => void): Promise<void> {
    const sealing: AppenderState = { status: 'sealing' };
    this.#state = sealing;
    await this.#seal(target);
    if (this.#state === sealing) next();
  }

  async #seal({ key, position, exists }: AppendTarget): Promise<void> {
    if (!this.#options.seal || !exists) return;
    const error = await sealObject(key, position, this.#requestOptions);
    if (!this.#controller.signal.aborted) this.#listener.sealed(key, position, error);
  }

  #finish(): void {
    this.#state = { status: 'closed' };
    nodeTimers.nextTick(this.#onEnd as () => void);
    nodeTimers.nextTick(() => this.#buffer.end());
  }

  /** Goes on to the object of the mark, and opens it with its first chunk. */
  #roll(from: AppendTarget): void {
    // Not an earlier one: while the object was sealed, a later period may have begun.
    const mark = this.#buffer.mark as Mark;
    try {
      const target = nextTarget(from, this.#options.series as ObjectSeries, mark.startedAt);
      this.#goOn(from, target, mark.reason);
      this.#buffer.roll(target.key);
      this.#state = { status: 'idle', target };
    } catch (error) {
      this.#fail(error as Error);
    }
    this.#pump();
  }

  #goOn(from: AppendTarget, target: AppendTarget, reason: RollReason): void {
    this.#target = target;
    this.#hasCommitted = false;
    if (target.key !== from.key) this.#listener.rolled(from, target.key, reason);
  }

  #deliver(target: AppendTarget): void {
    this.#cutAt = nodeTimers.now();
    this.#refusals = 0;
    this.#isAbandoned = false;
    this.#send(target, this.#buffer.cut());
  }

  #send(target: AppendTarget, bytes: Buffer): void {
    const options = { ...(this.#delivering as DeliveryTerms), isShared: this.#isShared };
    const chunk = new FrozenChunk(target, bytes, options.crc64);
    const delivery = new ChunkDelivery(chunk, options, this.#deliveryListener);
    this.#state = { status: 'delivering', delivery };
    delivery.run().catch((error) => this.#obstructed(delivery, delivery.obstacle, error));
  }

  /** The object does not take the chunk: takes it to the next one if that is possible. */
  async #obstructed(
    delivery: ChunkDelivery,
    obstacle: Obstacle | undefined,
    error: Error,
  ): Promise<void> {
    if (delivery.isAbandoned) this.#isAbandoned = true;
    if (obstacle === undefined || !this.#isMovable(obstacle)) {
      this.#fail(error);
      return;
    }
    const { target: from, bytes } = delivery.chunk;
    try {
      // A sealed object needs no seal, and another writer's is not ours to seal.
      if (obstacle === 'full' || obstacle === 'size') await this.#seal(from);
      const series = this.#options.series as ObjectSeries;
      if (++this.#refusals > maxBlindRefusals) {
        await skipExistingObjects(this.#probe, series, this.#requestOptions);
      }
      if (this.#state.status !== 'delivering') return;
      const now = Math.min(nodeTimers.date(), this.#buffer.nextStartedAt);
      const target = targetBehindRefusal(series, now);
      this.#goOn(from, target, obstacle);
      this.#buffer.open(target.key, target.position);
      this.#send(target, bytes);
    } catch (cause) {
      this.#fail(cause as Error);
    }
  }

  #isMovable(obstacle: Obstacle): boolean {
    const isAllowed =
      obstacle !== 'conflict' || this.#options.conflict === 'rollover' || !this.#hasCommitted;
    return this.#isSeries && isAllowed && this.#refusals < maxRefusals && this.#buffer.isDivisible;
  }

  #committed(commit: Commit): void {
    // Destroyed before the answer arrived: these bytes have been handed back as unconfirmed.
    if (this.#state.status !== 'delivering') return;
    const { delivery } = this.#state;
    this.#target = commit.target;
    this.#hasCommitted = true;
    this.#buffer.commit(commit);
    this.#listener.committed(commit, nodeTimers.now() - this.#cutAt);
    if (delivery.status !== 'settled') return;
    this.#buffer.release({ reuse: !(this.#isAbandoned || delivery.isAbandoned) });
    this.#state = { status: 'idle', target: commit.target };
    if (this.#isYielding(delivery)) return;
    // Synchronously: the next chunk is on its way before the callbacks and listeners of this commit
    // run on the next tick.
    this.#pump();
  }

  /** Whether another writer of the object is let go first. */
  #isYielding({ hasConflicted, appendDuration }: ChunkDelivery): boolean {
    if (this.#options.conflict !== 'rebase') return false;
    return this.#turns.yieldAfterCommit(hasConflicted, appendDuration, () => this.#pump());
  }

  readonly #fail = (error: Error): void => {
    if (this.#state.status === 'closed') return;
    const delivery = this.#state.status === 'delivering' ? this.#state.delivery : undefined;
    this.#state = { status: 'failed', delivery };
    // Not while Node writes out its queue, which could not be handed back.
    nodeTimers.queueMicrotask(() => this.#listener.failed(this.key, error));
  };
}
