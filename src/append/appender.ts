import type { WriteBuffer } from '../buffer/write-buffer.js';
import { loadCrc64 } from '../crc64.js';
import { ObjectFullError } from '../errors.js';
import { nodeTimers } from '../timers/node-timers.js';
import type { AppendClient, ObjectCreation } from './append-client.js';
import type { AppendTarget } from './append-target.js';
import {
  ChunkDelivery,
  type Commit,
  type DeliveryListener,
  type DeliveryOptions,
} from './delivery/chunk-delivery.js';
import { FrozenChunk } from './delivery/frozen-chunk.js';
import type { SettledReconciliation } from './delivery/reconcile.js';
import { ObjectProbe } from './object-probe.js';
import { openObject } from './open-object.js';
import { RequestRunner, type RequestRunnerOptions } from './request-runner.js';
import type { RetryNotice, RetryOptions } from './retry-policy.js';
import { sealObject } from './seal-object.js';

/**
 * Maximum length of an appendable object: 5 GiB.
 *
 * @see https://www.alibabacloud.com/help/en/oss/developer-reference/appendobject
 */
const maxAppendableObjectSize = 5 * 2 ** 30;

export interface AppenderOptions extends Omit<RequestRunnerOptions, 'signal'> {
  readonly client: AppendClient;
  readonly key: string;
  readonly flags: 'a' | 'ax';
  readonly position: number | undefined;
  readonly verify: 'crc64' | 'none';
  readonly retry: RetryOptions;
  readonly create: ObjectCreation;

  /** Whether to seal the object when everything has been committed. */
  readonly seal: boolean;
}

/** Called synchronously and in order. None of these may throw. */
export interface AppenderListener {
  ready(key: string, position: number): void;
  attempted(): void;
  retrying(key: string, notice: RetryNotice): void;
  reconciled(key: string, outcome: SettledReconciliation['outcome'], position: number): void;

  /** @param duration Milliseconds since the chunk was cut. */
  committed(commit: Commit, duration: number): void;

  /** @param error Why the object could not be sealed. */
  sealed(key: string, position: number, error: Error | undefined): void;

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

/*
 *  opening ──► idle ──► appending ──ok──► idle
 *                           │ unknown, conflict
 *                           ▼
 *                      reconciling ──committed──► idle        (position moved past the chunk)
 *                           │  └──not committed──► appending  (same bytes, same position)
 *                           └──diverged, or gave up──► failed
 *
 *  Ending leads from idle to closed, through sealing if `seal` is set; destroying leads to closed from
 *  every state. Appending and reconciling are one state here, since both belong to one chunk: its
 *  delivery knows which.
 */
type AppenderState =
  | { readonly status: 'opening' }
  | { readonly status: 'idle'; readonly target: AppendTarget }
  | { readonly status: 'delivering'; readonly delivery: ChunkDelivery }
  | { readonly status: 'sealing' }
  | { readonly status: 'failed'; readonly delivery: ChunkDelivery | undefined }
  | { readonly status: 'closed' };

/**
 * Appends bytes to one object: in order, one chunk in flight at a time, each exactly once.
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

  /** The same for every chunk; set when the object is open. */
  #delivering: DeliveryOptions | undefined;
  #onEnd: (() => void) | undefined;

  /** When the chunk in flight was cut. */
  #cutAt = 0;

  /** Shared by all deliveries, since only one runs at a time. */
  readonly #deliveryListener: DeliveryListener = {
    attempted: () => this.#listener.attempted(),
    // On the next tick, since resuming calls listeners of 'drain', which are user code.
    sent: () => nodeTimers.nextTick(() => this.#buffer.resume()),
    retrying: (notice) => this.#listener.retrying(this.key, notice),
    reconciled: (outcome, position) => this.#listener.reconciled(this.key, outcome, position),
    committed: (commit) => this.#committed(commit),
  };

  /** @param buffer Source of the chunks. */
  constructor(buffer: WriteBuffer, options: AppenderOptions, listener: AppenderListener) {
    const { client } = options;
    this.#options = options;
    this.#listener = listener;
    const { signal } = this.#controller;
    this.#requests = new RequestRunner({ ...options, signal });
    this.#probe = new ObjectProbe(client, this.#requests);
    this.#buffer = buffer;
    buffer.serve(() => this.#pump());
  }

  /** The state, by its name in the diagram above. */
  get status(): 'opening' | 'idle' | ChunkDelivery['status'] | 'sealing' | 'failed' | 'closed' {
    return this.#state.status === 'delivering' ? this.#state.delivery.status : this.#state.status;
  }

  /** Key of the object. */
  get key(): string {
    return this.#target?.key ?? this.#options.key;
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
      const opening = openObject(this.#probe, {
        ...this.#options,
        signal,
        onRetry: (notice) => this.#listener.retrying(this.key, notice),
      });
      const [target, crc64] = await Promise.all([opening, loadCrc64()]);
      if (signal.aborted) return;
      const [probe, requests] = [this.#probe, this.#requests];
      this.#delivering = { ...this.#options, probe, requests, crc64, signal };
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
    this.#controller.abort(reason);
    const pieces = delivery === undefined ? [] : [delivery.chunk.bytes];
    return { position: this.position, pieces, isConfirmed };
  }

  /** Starts the next step that the state allows, if any. */
  #pump(): void {
    if (this.#state.status !== 'idle') return;
    const { target } = this.#state;
    const isEnding = this.#onEnd !== undefined;
    if (this.#buffer.isDue) {
      this.#deliver(target);
    } else if (isEnding && !target.exists) {
      // An empty chunk creates the object although nothing was written.
      this.#deliver(target);
    } else if (isEnding && this.#options.seal) {
      void this.#seal(target);
    } else if (isEnding) {
      this.#finish();
    }
  }

  async #seal({ key, position }: AppendTarget): Promise<void> {
    this.#state = { status: 'sealing' };
    const error = await sealObject(key, position, {
      ...this.#options,
      requests: this.#requests,
      signal: this.#controller.signal,
      onRetry: (notice) => this.#listener.retrying(key, notice),
    });
    if (this.#state.status !== 'sealing') return;
    this.#listener.sealed(key, position, error);
    this.#finish();
  }

  #finish(): void {
    this.#state = { status: 'closed' };
    nodeTimers.nextTick(this.#onEnd as () => void);
    nodeTimers.nextTick(() => this.#buffer.end());
  }

  #deliver(target: AppendTarget): void {
    const { nextLength: byteLength } = this.#buffer;
    if (target.position + byteLength > maxAppendableObjectSize) {
      this.#fail(objectFullError(target, byteLength));
      return;
    }
    const options = this.#delivering as DeliveryOptions;
    this.#cutAt = nodeTimers.now();
    const chunk = new FrozenChunk(target, this.#buffer.cut(), options.crc64);
    const delivery = new ChunkDelivery(chunk, options, this.#deliveryListener);
    this.#state = { status: 'delivering', delivery };
    delivery.run().catch(this.#fail);
  }

  #committed(commit: Commit): void {
    // Destroyed before the answer arrived: these bytes have been handed back as unconfirmed.
    if (this.#state.status !== 'delivering') return;
    const { delivery } = this.#state;
    this.#target = commit.target;
    this.#buffer.commit(commit);
    this.#listener.committed(commit, nodeTimers.now() - this.#cutAt);
    if (delivery.status !== 'settled') return;
    this.#buffer.release({ reuse: !delivery.isAbandoned });
    this.#state = { status: 'idle', target: commit.target };
    // Synchronously: the next chunk is on its way before the callbacks and listeners of this commit
    // run on the next tick.
    this.#pump();
  }

  readonly #fail = (error: Error): void => {
    if (this.#state.status === 'closed') return;
    const delivery = this.#state.status === 'delivering' ? this.#state.delivery : undefined;
    this.#state = { status: 'failed', delivery };
    // Deferred: while Node is writing out its queue, `writableBuffer` is not reliable.
    nodeTimers.queueMicrotask(() => this.#listener.failed(this.key, error));
  };
}

function objectFullError({ key, position }: AppendTarget, byteLength: number): ObjectFullError {
  return new ObjectFullError(
    `Cannot append ${byteLength} bytes to "${key}" at position ${position}: an object holds at most ${maxAppendableObjectSize} bytes`,
    { key, limit: maxAppendableObjectSize },
  );
}
