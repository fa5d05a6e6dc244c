import type { Acknowledge, Place } from '../../buffer/acknowledgements.js';
import { RecordEnds } from '../../buffer/record-ends.js';
import type { Callback } from '../../callback.js';
import { nodeTimers } from '../../timers/node-timers.js';
import { combinedCallback } from './combined-callback.js';
import { bytesOf, fits } from './data-bytes.js';
import { type DropCounter, tellDropped } from './drop-counter.js';
import { callbackOf, HeldWrites, placeOf } from './held-writes.js';
import type { RecordDelimiter } from './record-delimiter.js';
import { joinRuns, type RecordRun, recordRuns } from './record-runs.js';

/** Destination of whole records, in order. */
export interface RecordSink {
  write(data: string | Uint8Array, callback?: Callback): void;

  /** Resolves with the place of `bytes` when they have been committed. */
  append(bytes: Uint8Array): Promise<Place>;
}

/**
 * Passes on whole records only: holds one that is unfinished until its end comes, and drops one that
 * is too long.
 *
 * An object that others append to as well must never get half a record, and a record can be dropped
 * as a whole only before its beginning is in the stream.
 */
export class WholeRecords {
  readonly #sink: RecordSink;
  readonly #delimiter: RecordDelimiter;
  readonly #maxLength: number;
  readonly #counter: DropCounter;
  readonly #held = new HeldWrites();

  /** Offset of the end of the last held {@link append}, which is passed on as a whole. */
  #unitEnd = 0;

  /** Finds the end of the record that is being dropped. */
  readonly #ends: RecordEnds;
  #isDropping = false;
  #onPassedOn: (() => void)[] = [];

  /** @param maxLength Maximum bytes of a record. */
  constructor(
    sink: RecordSink,
    delimiter: RecordDelimiter,
    maxLength: number,
    counter: DropCounter,
  ) {
    this.#sink = sink;
    this.#delimiter = delimiter;
    this.#maxLength = maxLength;
    this.#counter = counter;
    this.#ends = new RecordEnds(delimiter.bytes);
  }

  /** Bytes held. */
  get byteLength(): number {
    return this.#held.byteLength;
  }

  /** Resolves when the bytes that are held now have been passed on; `undefined` if there are none. */
  get passedOn(): Promise<void> | undefined {
    if (this.byteLength === 0) return undefined;
    return new Promise((resolve) => this.#onPassedOn.push(resolve));
  }

  /** @param callback Called once all bytes are committed, or with an error if some were dropped. */
  write(data: string | Uint8Array, callback?: Callback): void {
    if (this.#isPassable(data)) this.#sink.write(data, callback);
    else this.#take(bytesOf(data), callback && ((error) => callback(error)));
  }

  /** Resolves with the place of `bytes` when they have been committed. */
  append(bytes: Uint8Array): Promise<Place> {
    if (bytes.byteLength === 0 || this.#isPassable(bytes)) return this.#sink.append(bytes);
    return new Promise((resolve, reject) => {
      const acknowledge: Acknowledge = (error, place) => {
        if (place === undefined) reject(error);
        else resolve(place);
      };
      this.#take(bytesOf(bytes), acknowledge, { isUnit: true });
    });
  }

  /** Passes on an unfinished record too. */
  end(): void {
    this.#counter.finish();
    if (this.byteLength > 0) this.#passOn(this.byteLength);
    this.#tellPassedOn();
  }

  /** Removes and returns the held bytes. Their callbacks remain for {@link fail}. */
  takeRest(): Buffer {
    this.#counter.finish();
    return this.#held.takeAll();
  }

  /** Calls the callbacks of all held bytes with `error`. */
  fail(error: Error): void {
    this.#held.fail(error);
    this.#tellPassedOn();
  }

  /** Whether `data` is nothing but whole records, none of which can be too long. */
  #isPassable(data: string | Uint8Array): boolean {
    if (this.byteLength > 0) return false;
    if (data.length === 0) return true;
    return !this.#isDropping && fits(data, this.#maxLength) && this.#delimiter.ends(data);
  }

  #take(bytes: Buffer, acknowledge?: Acknowledge, { isUnit = false } = {}): void {
    const begin = this.#isDropping ? this.#dropRest(bytes) : 0;
    if (begin > 0) tellDropped(acknowledge);
    const before = this.byteLength;
    this.#held.add(bytes.subarray(begin), begin > 0 ? undefined : acknowledge);
    if (isUnit) this.#unitEnd = this.#held.end;
    // The delimiter may have begun in the bytes before.
    const from = Math.max(0, before - this.#delimiter.bytes.byteLength + 1);
    const isEnded = this.#held.bytes.includes(this.#delimiter.bytes, from);
    if (isEnded || this.byteLength > this.#maxLength) this.#settle();
    this.#counter.report();
  }

  /** Drops the rest of a record, and returns where the next one begins. */
  #dropRest(bytes: Buffer): number {
    const end = this.#ends.firstEnd(bytes, Buffer.alloc(0));
    const dropped = bytes.subarray(0, end);
    this.#ends.cutOff(dropped);
    this.#counter.addUnfinished(0, dropped.byteLength);
    this.#isDropping = end === undefined;
    if (!this.#isDropping) this.#counter.finish();
    return dropped.byteLength;
  }

  /** Passes on, or drops, what has become whole or too long. */
  #settle(): void {
    const runs = recordRuns(this.#held.bytes, this.#delimiter.bytes, this.#maxLength);
    const { start } = this.#held;
    const isUnit = this.#unitEnd > start;
    if (isUnit && start + joinRuns(runs).byteLength < this.#unitEnd) return;
    for (const run of isUnit ? [joinRuns(runs)] : runs) {
      if (run.kind === 'whole') this.#passOn(run.byteLength);
      else this.#drop(run);
    }
    this.#tellPassedOn();
  }

  #passOn(byteLength: number): void {
    const { start } = this.#held;
    const { bytes, writes } = this.#held.take(byteLength);
    if (this.#unitEnd <= start) {
      this.#sink.write(bytes, combinedCallback(writes.map(callbackOf)));
      return;
    }
    const held = { start, end: start + bytes.byteLength };
    this.#sink.append(bytes).then(
      (place) => {
        for (const write of writes) {
          nodeTimers.nextTick(write.acknowledge, null, placeOf(write, held, place));
        }
      },
      (error) => {
        for (const { acknowledge } of writes) nodeTimers.nextTick(acknowledge, error);
      },
    );
  }

  #drop({ byteLength, kind }: RecordRun): void {
    const { bytes, writes } = this.#held.take(byteLength);
    this.#counter.addUnfinished(this.#delimiter.count(bytes), byteLength);
    if (kind !== 'begun') this.#counter.finish();
    for (const write of writes) {
      // An empty write has lost nothing.
      if (write.start === write.end) this.#sink.write('', callbackOf(write));
      else tellDropped(write.acknowledge);
    }
    tellDropped(this.#held.takeDivided());
    if (kind !== 'begun') return;
    this.#isDropping = true;
    this.#ends.cutOff(bytes);
  }

  #tellPassedOn(): void {
    for (const resolve of this.#onPassedOn.splice(0)) resolve();
  }
}
