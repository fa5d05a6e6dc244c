import { nodeTimers } from '../timers/node-timers.js';
import { type Acknowledge, Acknowledgements, type Anchor, type Place } from './acknowledgements.js';
import { ChunkBuffer } from './chunk-buffer.js';
import { FlushTimer } from './flush-timer.js';
import { type Mark, ObjectEnds } from './object-ends.js';
import { RecordEnds } from './record-ends.js';
import type { WaitingWrite } from './waiting-write.js';
import type { WriteBufferOptions } from './write-buffer-options.js';

/**
 * Accepts writes and keeps track of them: the bytes accepted, cut and committed, the callbacks that
 * wait for them, and the bytes to be sent without waiting for a full chunk.
 *
 * Offsets count the bytes of the stream from 0. The appender is called when a chunk is due.
 */
export class WriteBuffer {
  readonly #buffer: ChunkBuffer;
  readonly #flushTimer: FlushTimer;
  readonly #acknowledgements = new Acknowledgements();
  readonly #objects: ObjectEnds | undefined;
  readonly #hasRecords: boolean;

  /** Whether no record may be divided between chunks, so that a flush waits for its end. */
  readonly #isUndivided: boolean;

  #isDraining = false;
  #onDue: () => void = () => {};
  #waiting: WaitingWrite | undefined;

  /** Number of the last write announced, and of the last one accepted as a whole. */
  #announced = 0;
  #sequence = 0;

  /** Number of the last write to flush, and the offset of its end once known. */
  #flushSequence = 0;
  #flushOffset = 0;

  /** Offsets of the first byte that is in no chunk yet, and of the first byte of the last chunk. */
  #cutOffset = 0;
  #chunkOffset = 0;
  #committedOffset = 0;

  /** Before an object is opened nothing counts as committed, not even an empty write. */
  #anchor: Anchor | undefined;
  #hasEnded = false;

  /** Whether an unfinished record alone waits, and has waited for `flushInterval`. */
  #isRecordLate = false;

  constructor(options: WriteBufferOptions) {
    const { chunkSize, limit, flushInterval, recordDelimiter, maxRecordSize, objects } = options;
    this.#hasRecords = recordDelimiter !== undefined;
    this.#isUndivided = maxRecordSize !== undefined;
    const ends = new RecordEnds(recordDelimiter);
    this.#buffer = new ChunkBuffer({ chunkSize, limit, ends, maxRecordSize });
    this.#flushTimer = new FlushTimer(flushInterval, () => this.#onInterval());
    if (objects !== undefined) {
      this.#objects = new ObjectEnds(this.#buffer, { ...objects, hasRecords: this.#hasRecords });
    }
  }

  /** Has `onDue`, and only it, called when a chunk is due, or a record is {@link tooLong}. */
  serve(onDue: () => void): void {
    this.#onDue = onDue;
  }

  get bytesCommitted(): number {
    return this.#committedOffset;
  }

  /** Bytes copied into memory so far, including the copied part of a waiting write. */
  get bytesAccepted(): number {
    return this.#cutOffset + this.#buffer.byteLength;
  }

  get bytesInFlight(): number {
    return this.#cutOffset - this.#committedOffset;
  }

  /**
   * Bytes accepted and not committed, plus Node's queue and the rest of the waiting write.
   *
   * @param queued Length of Node's queue as Node counts it, including all of the waiting write.
   */
  bytesUncommitted(queued: number): number {
    const waiting =
      this.#waiting === undefined ? 0 : this.#waiting.rest.byteLength - this.#waiting.length;
    return this.bytesAccepted - this.#committedOffset + queued + waiting;
  }

  /** Length of the chunk that {@link cut} would return now. */
  get nextLength(): number {
    const { recordsLength } = this.#buffer;
    // A flush commits an unfinished record too, unless it may not be divided.
    const needsAll = this.#flushOffset > this.#cutOffset + recordsLength;
    const isAllowed = !this.#isUndivided || this.#isDraining;
    return needsAll && isAllowed ? this.#buffer.nextLength : recordsLength;
  }

  /** Whether that chunk should be sent now: it is full or old enough, or a flush waits for it. */
  get isDue(): boolean {
    if (this.#buffer.isFull) return true;
    if (this.#isFlushing) return this.nextLength > 0;
    return this.#flushTimer.isDue && this.#buffer.recordsLength > 0;
  }

  /**
   * Bytes written of a record that is longer than allowed, once no chunk before it is due; nothing
   * makes room for the rest of it.
   */
  get tooLong(): number | undefined {
    if (this.#waiting === undefined || !this.#buffer.isRecordTooLong) return undefined;
    return this.#buffer.byteLength + this.#waiting.rest.byteLength;
  }

  /** Where the next object begins, if everything before that has been committed. */
  get mark(): Mark | undefined {
    const mark = this.#objects?.next;
    return mark?.offset === this.#committedOffset ? mark : undefined;
  }

  /** When the first byte behind the next end of an object was accepted; infinite if none ends. */
  get nextStartedAt(): number {
    return this.#objects?.next?.startedAt ?? Number.POSITIVE_INFINITY;
  }

  /** Whether the rest of the chunk in flight may go to another object than the bytes before it. */
  get isDivisible(): boolean {
    if (this.#acknowledgements.isWithinWhole) return false;
    const isPart = this.#committedOffset > this.#chunkOffset;
    return !this.#hasRecords || !(isPart || this.#buffer.isCutWithinRecord);
  }

  /** Begins the object of the {@link mark}, as {@link open} does. */
  roll(key: string): void {
    this.#objects?.shift();
    this.open(key, 0);
  }

  /** The object `key`, which is `position` bytes long, gets the next bytes. */
  open(key: string, position: number): void {
    this.#anchor = { key, offset: this.#committedOffset, position };
    this.#objects?.open(this.#committedOffset, position);
    this.#acknowledgements.commit(this.#committedOffset, this.#anchor);
  }

  /**
   * Accepts the next write, and calls back when all of it has been copied.
   *
   * Node does not pass on the next write before that.
   */
  accept(
    data: string | Uint8Array,
    encoding: BufferEncoding,
    callback: WaitingWrite['callback'],
  ): void {
    const start = this.bytesAccepted;
    const isWhole = this.#acknowledgements.isWhole(this.#sequence + 1);
    const rest = this.#add(data, encoding, isWhole, false);
    if (rest === undefined) this.#accepted(start);
    else this.#waiting = { start, length: data.length, callback, isWhole, rest };
    if (rest !== undefined) this.#acknowledgements.begin(this.#sequence + 1, start);
    this.#goOn(rest, callback);
  }

  /**
   * As {@link accept}, if a copy is all it takes; otherwise does nothing and returns `false`.
   *
   * No write may be waiting for room, and no callback for this write.
   */
  acceptAtOnce(data: string | Uint8Array): boolean {
    if (!this.#buffer.addBehind(data)) return false;
    this.#announced++;
    this.#sequence++;
    return true;
  }

  /** Continues with the write that did not fit, and then with Node's queue. */
  resume(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    const rest = this.#add(waiting.rest, 'utf8', waiting.isWhole, true);
    if (rest === undefined) {
      this.#waiting = undefined;
      this.#accepted(waiting.start);
    } else {
      waiting.rest = rest;
    }
    // A client that answers at once may already have committed the previous chunk.
    this.#goOn(rest, waiting.callback);
  }

  #goOn(rest: Uint8Array | undefined, callback: WaitingWrite['callback']): void {
    const isLateRecordWhole = this.#isRecordLate && this.#buffer.recordsLength > 0;
    if (this.#buffer.isFull || isLateRecordWhole) this.#onDue();
    // Last, because it calls listeners of 'drain', which may throw.
    if (rest === undefined) callback();
    // With an error the callback would have Node drop its queue.
    else if (this.#buffer.isRecordTooLong) this.#onDue();
  }

  /**
   * Numbers the next write, which Node may keep in its queue before it is accepted, and has
   * `acknowledge` called when it has been committed.
   *
   * @param isWhole Whether the write must not be divided between objects.
   */
  announce(acknowledge?: Acknowledge, isWhole?: boolean): void {
    const sequence = ++this.#announced;
    if (acknowledge !== undefined) this.#acknowledgements.add(sequence, acknowledge, isWhole);
  }

  /** Undoes the last call of {@link announce}: Node has refused the write. */
  withdraw(acknowledge?: Acknowledge): void {
    this.#announced--;
    if (acknowledge !== undefined) this.#acknowledgements.removeLast();
  }

  /** Sends the writes announced so far without waiting for a full chunk. */
  flush(acknowledge: Acknowledge): void {
    const sequence = this.#announced;
    if (sequence <= this.#sequence && this.bytesAccepted === this.#committedOffset) {
      // No bytes to wait for: resolve even before the object is opened.
      nodeTimers.nextTick(acknowledge, null);
      return;
    }
    this.#flushSequence = sequence;
    this.#acknowledgements.add(sequence, acknowledge);
    if (sequence <= this.#sequence) this.#locate(sequence, this.bytesAccepted);
  }

  /** Has `acknowledge` called at {@link end}. */
  acknowledgeEnd(acknowledge: Acknowledge): void {
    if (this.#hasEnded) nodeTimers.nextTick(acknowledge, null);
    else this.#acknowledgements.add(Number.POSITIVE_INFINITY, acknowledge);
  }

  /** Nothing more will be written: all accepted bytes are due, an unfinished record too. */
  drain(): void {
    this.#isDraining = true;
    this.#flushOffset = this.bytesAccepted;
  }

  /** Everything has been committed, and no more writes will come. */
  end(): void {
    this.#hasEnded = true;
    this.#objects?.close();
    this.#locate(Number.POSITIVE_INFINITY, this.#committedOffset);
  }

  /** Freezes accepted bytes as a chunk. The previous chunk must have been released. */
  cut(): Buffer {
    const wasFull = this.#buffer.fullCount > 0;
    const chunk = this.#buffer.cut(this.nextLength);
    this.#chunkOffset = this.#cutOffset;
    this.#cutOffset += chunk.byteLength;
    if (this.#buffer.byteLength > 0) this.#objects?.check();
    if (this.#buffer.byteLength === 0) this.#flushTimer.stop();
    // The beginning of a record, which was behind the bytes that were old enough.
    else if (!wasFull) this.#flushTimer.start();
    this.#setLate((this.#flushTimer.isDue || this.#isFlushing) && this.#buffer.recordsLength === 0);
    return chunk;
  }

  /** Releases the chunk in flight; see {@link ChunkBuffer.release}. */
  release(options: { reuse: boolean }): void {
    this.#buffer.release(options);
  }

  /** The next bytes of the chunk in flight have been committed, at `place`. */
  commit({ key, start, end }: Place): void {
    const byteLength = end - start;
    if (byteLength > this.bytesInFlight) {
      throw new Error(`Cannot commit ${byteLength} of ${this.bytesInFlight} bytes in flight`);
    }
    const before = this.#anchor;
    const offset = this.#committedOffset;
    this.#anchor = { key, offset, position: start };
    this.#committedOffset += byteLength;
    const isMoved = before !== undefined && start - before.position !== offset - before.offset;
    if (isMoved) this.#objects?.open(this.#committedOffset, end);
    this.#acknowledgements.commit(this.#committedOffset, this.#anchor);
  }

  /**
   * Fails every waiting callback, and returns the bytes that are in no chunk.
   *
   * @param error Error that ended the stream, for the callback of the waiting write: Node runs the
   *   callbacks of `end()` only after it.
   * @param reason Error for the callbacks that wait for a commit.
   */
  close(error: Error | null, reason: Error): Buffer[] {
    const { pieces } = this.#buffer;
    this.#flushTimer.close();
    this.#objects?.close();
    this.#acknowledgements.fail(reason);
    if (this.#waiting !== undefined) {
      // Slabs are not reused any more, but the caller may reuse this memory once called back.
      pieces.push(Buffer.from(this.#waiting.rest));
      nodeTimers.nextTick(this.#waiting.callback, error);
      this.#waiting = undefined;
    }
    return pieces;
  }

  #add(
    data: string | Uint8Array,
    encoding: BufferEncoding,
    isWhole: boolean,
    isRest: boolean,
  ): Uint8Array | undefined {
    const { nextLength, fullCount } = this.#buffer;
    const rest =
      this.#objects === undefined
        ? this.#buffer.add(data, encoding)
        : this.#objects.add(data, encoding, isWhole, isRest);
    // A full chunk is due at once, so the timer runs for the bytes behind it.
    const isFirst = nextLength === 0 || fullCount !== this.#buffer.fullCount;
    if (isFirst && this.#buffer.nextLength > 0) this.#flushTimer.start();
    return rest;
  }

  /** The oldest byte has waited long enough. An unfinished record is sent as soon as it is whole. */
  #onInterval(): void {
    if (this.#buffer.recordsLength > 0) this.#onDue();
    // With `flushInterval: 0` the chunk may have been cut before this tick.
    else if (this.#buffer.byteLength > 0) this.#setLate(true);
  }

  /** Whether a flush waits for bytes that are in no chunk yet. */
  get #isFlushing(): boolean {
    return this.#flushOffset > this.#cutOffset;
  }

  #setLate(isLate: boolean): void {
    this.#isRecordLate = isLate;
    this.#buffer.watch(isLate);
  }

  #accepted(start: number): void {
    const sequence = ++this.#sequence;
    if (this.#acknowledgements.isWaitingFor(sequence)) this.#locate(sequence, start);
  }

  /** The write numbered `sequence` begins at `start`, and has been accepted as a whole. */
  #locate(sequence: number, start: number): void {
    const end = this.bytesAccepted;
    this.#acknowledgements.locate(sequence, { start, end });
    if (this.#anchor !== undefined) {
      this.#acknowledgements.commit(this.#committedOffset, this.#anchor);
    }
    if (sequence !== this.#flushSequence) return;
    this.#flushOffset = end;
    if (this.nextLength === 0) this.#setLate(this.#isFlushing);
    this.#onDue();
  }
}
