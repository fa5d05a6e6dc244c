import { loadCrc64 } from '../crc64.js';
import { ObjectFullError } from '../errors.js';
import type { AppendClient, ObjectCreation, RequestOptions } from './append-client.js';
import { ChunkDelivery, type Commit, type DeliveryOptions } from './chunk-delivery.js';
import { FrozenChunk } from './frozen-chunk.js';
import { Intake, type IntakeOptions } from './intake.js';
import { ObjectInquiry } from './object-inquiry.js';
import { type ConfirmedObject, openObject } from './open-object.js';
import type { SettledReconciliation } from './reconcile.js';
import type { RetryNotice, RetryOptions } from './retry-policy.js';

/**
 * Most bytes in one appendable object: 5 GiB.
 *
 * @see https://www.alibabacloud.com/help/en/oss/developer-reference/appendobject
 */
const maxAppendableObjectSize = 5 * 2 ** 30;

export interface AppenderOptions extends IntakeOptions {
  readonly client: AppendClient;
  readonly key: string;
  readonly flags: 'a' | 'ax';
  readonly position: number | undefined;
  readonly verify: 'crc64' | 'none';
  readonly retry: RetryOptions;
  readonly requestTimeout: number;
  readonly create: ObjectCreation;
  readonly request: Omit<RequestOptions, 'signal'>;

  /** Lets the event loop turn once. */
  readonly yieldTurn: () => Promise<void>;
}

/** Told of what happens, at once and in order. None of these may throw. */
export interface AppenderListener {
  ready(position: number): void;
  attempted(): void;
  retrying(notice: RetryNotice): void;
  reconciled(outcome: SettledReconciliation['outcome'], position: number): void;

  /** @param duration Milliseconds since the chunk was cut. */
  committed(commit: Commit, duration: number): void;

  /** It has given up, and waits to be destroyed. */
  failed(error: Error): void;
}

/** What is accepted and not known to be committed. */
export interface Uncommitted {
  readonly position: number | undefined;

  /** In the order of the stream, the chunk in flight first if there is one. */
  readonly pieces: readonly Buffer[];

  /** Whether the first of these bytes are certainly not in the object, and will not get there. */
  readonly isConfirmed: boolean;
}

/*
 *  opening ──► idle ──► appending ──ok──► idle
 *                           │ unknown, conflict
 *                           ▼
 *                      reconciling ──committed──► idle        (position moved past the chunk)
 *                           │  └──not committed──► appending  (same bytes, same position)
 *                           └──diverged, or gave up──► failed
 *
 *  Ending leads from idle, and destroying from everywhere, to closed. Appending and reconciling
 *  are one state here, because they are one chunk: the delivery says which.
 */
type AppenderState =
  | { readonly status: 'opening' }
  | { readonly status: 'idle'; readonly object: ConfirmedObject }
  | { readonly status: 'delivering'; readonly delivery: ChunkDelivery }
  | { readonly status: 'failed'; readonly delivery: ChunkDelivery | undefined }
  | { readonly status: 'closed' };

/**
 * Appends bytes to one object: in order, one chunk in flight at a time, each exactly once.
 *
 * One pump looks at the state and does the next thing; whoever changes a fact calls it.
 */
export class Appender {
  readonly #options: AppenderOptions;
  readonly #listener: AppenderListener;
  readonly #inquiry: ObjectInquiry;
  readonly #intake: Intake;
  readonly #controller = new AbortController();
  #state: AppenderState = { status: 'opening' };
  #confirmed: ConfirmedObject | undefined;

  /** Alike for every chunk; known when the object is open. */
  #delivering: DeliveryOptions | undefined;
  #onEnd: (() => void) | undefined;

  constructor(options: AppenderOptions, listener: AppenderListener) {
    const { client, key, requestTimeout, request } = options;
    this.#options = options;
    this.#listener = listener;
    this.#inquiry = new ObjectInquiry(client, key, requestTimeout, request);
    this.#intake = new Intake(options, () => this.#pump());
  }

  /** Its state in a word of the picture above. */
  get status(): 'opening' | 'idle' | ChunkDelivery['status'] | 'failed' | 'closed' {
    return this.#state.status === 'delivering' ? this.#state.delivery.status : this.#state.status;
  }

  /** What has been accepted, and by whom it is awaited. */
  get intake(): Intake {
    return this.#intake;
  }

  /** Position of the next append as confirmed; `undefined` before the object was opened. */
  get position(): number | undefined {
    return this.#confirmed?.position;
  }

  /** CRC-64 of the object up to `position`; `undefined` before it was opened or if OSS never told. */
  get crc64(): bigint | undefined {
    return this.#confirmed?.crc64;
  }

  /** Finds out where the object ends; writes are accepted meanwhile. */
  async open(): Promise<void> {
    const { signal } = this.#controller;
    try {
      // A signal that has fired already, or a listener, may end it before anything is asked.
      await undefined;
      signal.throwIfAborted();
      const opening = openObject(this.#inquiry, {
        ...this.#options,
        signal,
        onRetry: (notice) => this.#listener.retrying(notice),
      });
      const [object, crc64] = await Promise.all([opening, loadCrc64()]);
      if (signal.aborted) return;
      this.#delivering = { ...this.#options, inquiry: this.#inquiry, crc64, signal };
      this.#confirmed = object;
      this.#state = { status: 'idle', object };
      this.#intake.open();
      this.#listener.ready(object.position);
      this.#pump();
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  /** Commits everything, creates the object where there is none yet, and calls back. */
  end(callback: () => void): void {
    this.#onEnd = callback;
    this.#pump();
  }

  /**
   * Stops at once, tells everybody who waits, and hands out what is not committed.
   *
   * @param error What ended the stream, if anything failed.
   * @param reason What those who wait for a commit are told.
   */
  destroy(error: Error | null, reason: Error): Uncommitted {
    const delivery = 'delivery' in this.#state ? this.#state.delivery : undefined;
    const isConfirmed = !(delivery?.mayHaveLanded ?? false);
    const inFlight = delivery === undefined ? [] : [delivery.chunk.bytes];
    this.#state = { status: 'closed' };
    this.#controller.abort(reason);
    const pieces = [...inFlight, ...this.#intake.close(error, reason)];
    return { position: this.position, pieces, isConfirmed };
  }

  /** Does the next thing that the state allows, if there is one. */
  #pump(): void {
    if (this.#state.status !== 'idle') return;
    const { object } = this.#state;
    const isEnding = this.#onEnd !== undefined;
    if (this.#intake.isDue || (isEnding && this.#intake.nextLength > 0)) {
      this.#deliver(object);
    } else if (isEnding && !object.exists) {
      // Nothing was written, but there is to be an object.
      this.#deliver(object);
    } else if (this.#onEnd !== undefined) {
      this.#state = { status: 'closed' };
      process.nextTick(this.#onEnd);
      process.nextTick(() => this.#intake.end());
    }
  }

  #deliver(object: ConfirmedObject): void {
    const { nextLength: byteLength } = this.#intake;
    if (object.position + byteLength > maxAppendableObjectSize) {
      this.#fail(objectFullError(this.#options.key, object.position, byteLength));
      return;
    }
    const options = this.#delivering as DeliveryOptions;
    const since = performance.now();
    const delivery = new ChunkDelivery(
      new FrozenChunk(object, this.#intake.cut(), options.crc64),
      options,
      {
        attempted: () => this.#listener.attempted(),
        // On the next tick, for Node calls the listeners of 'drain' on the way.
        sent: () => process.nextTick(() => this.#intake.resume()),
        retrying: (notice) => this.#listener.retrying(notice),
        reconciled: (outcome, position) => this.#listener.reconciled(outcome, position),
        committed: (commit) => this.#committed(delivery, commit, since),
      },
    );
    this.#state = { status: 'delivering', delivery };
    delivery.run().catch((error: Error) => this.#fail(error));
  }

  #committed(delivery: ChunkDelivery, commit: Commit, since: number): void {
    // Destroyed while the answer was on its way: these bytes have been handed back as unconfirmed.
    if (this.#state.status === 'closed') return;
    this.#confirmed = commit.object;
    this.#intake.commit(commit.byteLength);
    this.#listener.committed(commit, performance.now() - since);
    if (delivery.status !== 'settled') return;
    this.#intake.release({ reuse: !delivery.isAbandoned });
    this.#state = { status: 'idle', object: commit.object };
    // At once: those who were told above run on the next tick, when the next chunk is on its way.
    this.#pump();
  }

  #fail(error: Error): void {
    // After being destroyed there is nothing left to fail.
    if (this.#state.status === 'closed') return;
    const delivery = this.#state.status === 'delivering' ? this.#state.delivery : undefined;
    this.#state = { status: 'failed', delivery };
    // Not at once: while Node passes its queue on, nobody can tell what is left in it.
    queueMicrotask(() => this.#listener.failed(error));
  }
}

function objectFullError(key: string, position: number, byteLength: number): ObjectFullError {
  return new ObjectFullError(
    `Cannot append ${byteLength} bytes to "${key}" at position ${position}: an object holds at most ${maxAppendableObjectSize} bytes`,
    { key, limit: maxAppendableObjectSize },
  );
}
