import { isDeepStrictEqual } from 'node:util';
import type { ObjectState } from '../append/append-client.js';
import { leastObjectLimit } from '../append/append-target.js';
import { NotAppendableError } from '../errors.js';
import type { OssClient } from '../oss/oss-client.js';
import { assertObjectKey } from '../oss/request/object-key.js';
import { findSequence } from '../rollover/find-sequence.js';
import { KeySeries } from '../rollover/key-series.js';
import type { AppendWritable } from '../stream/append-writable.js';
import type { RolloverEvent } from '../stream/events.js';
import type { AppendWritableOptions } from '../stream/options.js';
import { divideAtRecords } from './record-plan.js';
import { ReplayAppend } from './replay-append.js';
import {
  isRefusal,
  type ReplayAim,
  replayDivergedError,
  replayNotAppendableError,
} from './replay-errors.js';
import {
  type AppendPlan,
  beginReplay,
  type Claim,
  comparableLength,
  endReplay,
  replayChunkSize,
} from './replay-plan.js';
import { ReplayProbe } from './replay-probe.js';
import { rewriteSaved, type SavedBytes } from './saved-bytes.js';
import type { Conflict } from './saved-header.js';
import { type MovePlan, planInSeries, type SeriesPlan } from './series-plan.js';

/** A replay has gone on from one object to the next. */
export interface ReplayRollover extends Pick<RolloverEvent, 'from' | 'to'> {
  readonly reason: MovePlan['reason'];
}

export interface ReplayRunOptions {
  readonly client: OssClient;
  readonly path: string;

  /** The content of the file, for the object that its `bucket` and `key` name. */
  readonly saved: SavedBytes;
  readonly conflict: Conflict;

  /** Options of the stream that appends. */
  readonly append: Omit<AppendWritableOptions, 'key' | 'client'>;

  /** Called with the stream for each object before the first write. */
  readonly onStream: (stream: AppendWritable) => void;
  readonly onRollover: (rollover: ReplayRollover) => void;
}

/** Objects that a replay may go on to because the ones before took nothing. */
const maxRollovers = 100;

/** How often in a row other writers may be faster than a replay that shares the object with them. */
const maxConflicts = 100;

/** Appends the bytes of a file of uncommitted bytes that OSS lacks, to one object or several. */
export class ReplayRun {
  readonly #options: ReplayRunOptions;
  readonly #probe: ReplayProbe;

  /** The objects that the bytes may go to; `undefined` if there is one. */
  readonly #series: KeySeries | undefined;
  #sequence: number;
  #key: string;
  #rollovers = 0;

  /** Where OSS refused the last append, and how many it has refused in a row. */
  #refused = { position: -1, times: 0 };

  /** What ends a record, if other writers' bytes may come between two chunks. */
  readonly #delimiter: Buffer | undefined;

  /** The bytes that are left, as far as this run knows. */
  #claim: Claim;
  #present: number;

  /** Bytes appended before the current append. */
  #written = 0;
  #appending: ReplayAppend | undefined;
  #stream: AppendWritable | undefined;
  #noteFailure: Error | undefined;

  /** What the file records, if a replay has begun. */
  #noted: { readonly key: string; readonly claim: Claim } | undefined;

  constructor(options: ReplayRunOptions) {
    const { client, saved, append, conflict } = options;
    const { key, bytes, landed, position, doubtful, replay, recordDelimiter } = saved;
    this.#options = options;
    this.#probe = new ReplayProbe(client, append);
    this.#series = seriesOf(saved);
    this.#sequence = this.#series?.sequence ?? 0;
    this.#key = key;
    if (conflict === 'rebase' && recordDelimiter !== undefined) {
      this.#delimiter = Buffer.from(recordDelimiter, 'hex');
    }
    this.#claim = { position, byteLength: bytes.byteLength - landed, doubtful, replay };
    this.#noted = replay && { key, claim: this.#claim };
    this.#present = landed;
  }

  /** Key of the current object. */
  get key(): string {
    return this.#key;
  }

  /** How often the run went on to another object; `undefined` if there is one only. */
  get rollovers(): number | undefined {
    return this.#series && this.#rollovers;
  }

  /** Bytes of the file that were stored before. */
  get present(): number {
    return this.#present;
  }

  /** The last stream that appends; `undefined` before it is created, and if nothing was missing. */
  get stream(): AppendWritable | undefined {
    return this.#stream;
  }

  /** Bytes of the file that have been appended. */
  get bytesWritten(): number {
    return this.#written + (this.#appending?.bytesWritten ?? 0);
  }

  /** Why recording the progress failed; the file then calls more bytes doubtful than there are. */
  get noteFailure(): Error | undefined {
    return this.#noteFailure;
  }

  /**
   * Resolves when OSS holds all bytes of the file.
   *
   * @throws {DivergedError} If the object is too short, or another writer has appended since.
   * @throws {NotAppendableError} If bytes are missing and the object accepts no more appends.
   * @throws {Error} If a request fails, or the file cannot be written.
   */
  async finish(): Promise<void> {
    const { bytes } = this.#options.saved;
    let failure: Error | undefined;
    for (;;) {
      const { plan, state, refusal } = await this.#plan().catch((error) => {
        throw failure ?? error;
      });
      if (plan.action === 'nothing') {
        this.#present = bytes.byteLength - this.bytesWritten;
        return;
      }
      if (plan.action === 'move') {
        await this.#moveOn(plan, state?.length ?? 0);
        failure = undefined;
        continue;
      }
      if (plan.action === 'refuse') throw failure ?? this.#refusal(plan.reason, state, refusal);
      if (failure !== undefined && !this.#isBehindOthers(plan)) throw failure;
      this.#present += plan.start;
      try {
        await this.#append(plan);
        if (plan.byteLength === undefined) return;
        failure = undefined;
        this.#refused = { position: -1, times: 0 };
      } catch (error) {
        const mayGoOn = this.#series !== undefined || this.#options.conflict === 'rebase';
        if (!mayGoOn || !isRefusal(error)) throw error;
        // The next plan may be to go on to the next object, or behind the bytes of another writer.
        failure = error;
        this.#refused = { position: plan.position, times: this.#refused.times + 1 };
      }
    }
  }

  /** Whether a refused append may be made elsewhere in the object. */
  #isBehindOthers({ position }: AppendPlan): boolean {
    const { times, position: before } = this.#refused;
    return this.#options.conflict === 'rebase' && position !== before && times < maxConflicts;
  }

  /** Asks the object, and decides what to do next. */
  async #plan(): Promise<{
    readonly plan: SeriesPlan;
    readonly state: ObjectState | undefined;
    readonly refusal: Error | undefined;
  }> {
    const { conflict } = this.#options;
    const { state, refusal } = await this.#ask();
    const claim = this.#plannedClaim;
    const length = comparableLength(claim, state?.length ?? 0);
    const ours = this.#rest.subarray(0, length);
    const { position = 0 } = claim;
    const matching = await this.#probe.matchingLength(this.#key, position, ours);
    const isSeries = this.#series !== undefined;
    const how = { conflict, chunkSize: replayChunkSize, isSeries, maxSize: leastObjectLimit };
    const plan = planInSeries(claim, state, matching, how);
    if (this.#delimiter === undefined) return { plan, state, refusal };
    const divided = divideAtRecords(plan, claim, this.#rest, this.#delimiter);
    return { plan: divided, state, refusal };
  }

  /** Bytes that were never sent have no position where several writers append. */
  get #plannedClaim(): Claim {
    const { conflict, saved } = this.#options;
    const isShared = conflict === 'rebase' && saved.conflict === 'rebase';
    const isHint = isShared && this.#claim.doubtful === 0;
    return isHint ? { ...this.#claim, position: undefined } : this.#claim;
  }

  async #ask(): Promise<{ readonly state: ObjectState | undefined; readonly refusal?: Error }> {
    try {
      return { state: await this.#probe.ask(this.#key, this.#claim.position ?? 0) };
    } catch (error) {
      if (this.#series === undefined || !(error instanceof NotAppendableError)) throw error;
      // Without permission to ask, a refused append of nothing says no more than that.
      const { objectType } = error;
      const state = { length: 0, appendable: false, sealed: false, objectType };
      return { state, refusal: error };
    }
  }

  /** The bytes that are left. */
  get #rest(): Buffer {
    const { bytes } = this.#options.saved;
    return bytes.subarray(bytes.byteLength - this.#claim.byteLength);
  }

  /** Goes on to the first object behind this one that does not exist: nobody else appends to it. */
  async #moveOn({ start, reason }: MovePlan, position: number): Promise<void> {
    const series = this.#series as KeySeries;
    if (this.#rollovers === maxRollovers) {
      throw new Error(
        `Cannot append ${this.#options.path}: ${maxRollovers} objects took none of it`,
      );
    }
    const from = this.#sequence + 1;
    const find = (sequence: number) => this.#probe.find(series.keyAt(sequence));
    const last = await findSequence(find, { from, seeksGap: false });
    const sequence = last === undefined ? from : last.sequence + 1;
    const key = series.keyAt(sequence);
    assertObjectKey(key, 'replay');
    this.#options.onRollover({ from: { key: this.#key, position }, to: { key }, reason });
    const byteLength = this.#claim.byteLength - start;
    this.#claim = { position: 0, byteLength, doubtful: 0, replay: undefined };
    this.#present += start;
    this.#sequence = sequence;
    this.#key = key;
    this.#rollovers++;
  }

  async #append(plan: AppendPlan): Promise<void> {
    const { client, append, path, onStream } = this.#options;
    const key = this.#key;
    const claim = beginReplay(this.#claim, plan);
    await this.#note(claim).catch((error) => {
      throw new Error(`Cannot record in ${path} where its bytes go: ${error.message}`, {
        cause: error,
      });
    });
    const bytes = this.#rest.subarray(plan.start);
    const refuse = (actualLength: number) =>
      replayDivergedError('conflict', this.#aim, actualLength);
    const appending = new ReplayAppend({ client, key, claim, bytes, append, refuse });
    this.#appending = appending;
    this.#stream = appending.stream;
    onStream(appending.stream);
    try {
      await appending.run();
    } catch (error) {
      const left = this.#end(appending, plan);
      await this.#note(left).catch((cause) => {
        this.#noteFailure = cause;
      });
      throw error;
    }
    this.#end(appending, plan);
  }

  /** Returns what is left after an append, whether it failed or not. */
  #end(appending: ReplayAppend, plan: AppendPlan): Claim {
    this.#claim = endReplay(this.#claim, plan, appending.takeProgress());
    this.#written += appending.bytesWritten;
    this.#appending = undefined;
    return this.#claim;
  }

  /** Records `claim` in the file, so that the next replay can find the chunks of this one. */
  async #note(claim: Claim): Promise<void> {
    const { path, saved } = this.#options;
    const { position, byteLength, doubtful, replay } = claim;
    const noted = { key: this.#key, claim };
    if (isDeepStrictEqual(noted, this.#noted)) return;
    const landed = saved.bytes.byteLength - byteLength;
    const { key } = noted;
    await rewriteSaved(path, { ...saved, key, position, doubtful, landed, replay });
    this.#noted = noted;
    this.#noteFailure = undefined;
  }

  #refusal(
    reason: 'shorter' | 'conflict' | 'not-appendable',
    state: ObjectState | undefined,
    refusal: Error | undefined,
  ): Error {
    return reason === 'not-appendable'
      ? replayNotAppendableError(this.#aim, state as ObjectState, refusal)
      : replayDivergedError(reason, this.#aim, state?.length ?? 0);
  }

  get #aim(): ReplayAim {
    const { path } = this.#options;
    const { position } = this.#claim;
    return { path, key: this.#key, position, isSeries: this.#series !== undefined };
  }
}

/** The series of the object; `undefined` if there is none, or its template cannot be read. */
function seriesOf({ key, template }: SavedBytes): KeySeries | undefined {
  if (template === undefined) return undefined;
  try {
    return KeySeries.of(key, template);
  } catch {
    // Of a later version: the bytes can be appended to their object all the same.
    return undefined;
  }
}
