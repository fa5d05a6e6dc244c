import { nodeTimers } from '../timers/node-timers.js';
import type { ChunkBuffer } from './chunk-buffer.js';

/** Tells which period of time an object is for. */
export interface PeriodClock {
  /** Whether a record accepted at `now`, in milliseconds since 1970, belongs to another period. */
  isOver(now: number): boolean;

  /** Makes the period of `now` the current one. */
  enter(now: number): void;

  /** An instant of the current period: `now`, if it is one. */
  dateOf(now: number): number;

  /** When to look at the clock again, in milliseconds since 1970. */
  nextCheck(now: number): number;
}

export interface ObjectEndsOptions {
  /** Maximum bytes of an object. */
  readonly maxSize: number;

  /** The period of the current object; without it objects do not end with a period. */
  readonly period: PeriodClock | undefined;

  /** Whether records are kept whole; otherwise writes are. */
  readonly hasRecords: boolean;
}

/** A place in the stream where one object ends and the next one begins. */
export interface Mark {
  /** Offset in the stream of the first byte of the next object. */
  readonly offset: number;
  readonly reason: 'size' | 'interval';

  /** When that byte was accepted, in milliseconds since 1970. */
  readonly startedAt: number;
}

/** Milliseconds by which the two clocks may part, until a timer is set anew for the date. */
const maxDrift = 1000;

/** Maximum bytes for a UTF-16 unit of a string in any encoding. */
const maxUnitSize = 3;

/**
 * Decides where in the stream objects end: before the record that belongs to another period, or
 * would make the object too long. Without records, before such a write.
 *
 * It decides when bytes are accepted, however long they wait afterwards, and ends the filling chunk
 * there. The clock is read once per chunk, and when a period may have ended meanwhile.
 */
export class ObjectEnds {
  readonly #buffer: ChunkBuffer;
  readonly #options: ObjectEndsOptions;

  /** Marks that no object has been begun at yet. */
  readonly #marks: Mark[] = [];

  /** Offset of the first byte for the last object. */
  #start = 0;

  /** Whether that object holds bytes that were there before. */
  #hasContent = false;

  /** Offset at which it is full. */
  #limit = Number.POSITIVE_INFINITY;

  /** Whether the clock is to be read before the next record. */
  #isCheckDue = false;
  #timer: NodeJS.Timeout | undefined;

  /** How far the date was ahead of the clock of timers when that timer was set. */
  #clock = 0;

  /** Offsets of the last write that must not be divided, and of those before in the same record. */
  #whole = { start: 0, end: 0 };

  constructor(buffer: ChunkBuffer, options: ObjectEndsOptions) {
    this.#buffer = buffer;
    this.#options = options;
    if (options.period !== undefined) buffer.acceptEagerly();
  }

  /** The first place where an object ends, of those not removed. */
  get next(): Mark | undefined {
    return this.#marks[0];
  }

  /** Removes the first place. */
  shift(): void {
    this.#marks.shift();
  }

  /** An object that is `position` bytes long gets the bytes from `offset` on. */
  open(offset: number, position: number): void {
    if (this.#marks.length > 0) return;
    this.#start = offset;
    this.#hasContent = position > 0;
    this.#setLimit(offset + this.#options.maxSize - position);
  }

  /** Reads the clock before the next record: the filling chunk was not begun by {@link add}. */
  check(): void {
    if (this.#options.period === undefined) return;
    this.#isCheckDue = true;
    this.#buffer.setBarrier(0);
  }

  /**
   * As {@link ChunkBuffer.add}, ending objects where that is due.
   *
   * @param isWhole Whether the data must not be divided between objects although records are.
   * @param isRest Whether it is the rest of a write that did not fit.
   */
  add(
    data: string | Uint8Array,
    encoding: BufferEncoding,
    isWhole: boolean,
    isRest: boolean,
  ): Uint8Array | undefined {
    const { hasRecords } = this.#options;
    // Where it was begun the rest of a write that is not divided goes too.
    if (isRest && (isWhole || !hasRecords)) return this.#addRest(data, encoding);
    const mayBeDivided = !(hasRecords && isWhole);
    if (mayBeDivided && this.#isFarFromEnd(data.length * maxUnitSize)) {
      return this.#buffer.add(data, encoding);
    }
    // Not `Buffer.byteLength()`, which only estimates the length of hex and Base64.
    const bytes = typeof data === 'string' ? Buffer.from(data, encoding) : data;
    // No byte: nothing of the next object.
    if (bytes.byteLength === 0) return undefined;
    if (hasRecords && !isWhole) return this.#addRecords(bytes);
    this.#beginWhole(bytes.byteLength);
    const { roomInChunk } = this.#buffer;
    const rest = this.#buffer.add(bytes, 'utf8');
    if (bytes.byteLength > roomInChunk) this.check();
    return rest;
  }

  /** It may begin a chunk, so the clock is read before the next record. */
  #addRest(data: string | Uint8Array, encoding: BufferEncoding): Uint8Array | undefined {
    const rest = this.#buffer.add(data, encoding);
    this.check();
    return rest;
  }

  close(): void {
    this.#stopTimer();
  }

  #stopTimer(): void {
    nodeTimers.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Whether a write of at most that length cannot pass the end of the object. */
  #isFarFromEnd(mostBytes: number): boolean {
    const needsClock =
      this.#options.period !== undefined && (this.#isCheckDue || this.#buffer.isBetweenChunks);
    return !needsClock && mostBytes <= this.#room;
  }

  /** Bytes for which there is room before the object may end, or the clock is to be read. */
  get #room(): number {
    const room = this.#limit - this.#buffer.offset;
    // A write that fills several chunks may have begun long after the first of them.
    return this.#options.period === undefined ? room : Math.min(room, this.#buffer.roomInChunk);
  }

  /** Adds records, which may go to several objects. */
  #addRecords(bytes: Uint8Array): Uint8Array | undefined {
    let rest = asBuffer(bytes);
    while (rest.byteLength > 0) {
      this.#beginRecord();
      const piece = rest.subarray(0, this.#undividedLength(rest));
      const left = this.#buffer.add(piece, 'utf8');
      if (left !== undefined) return rest.subarray(piece.byteLength - left.byteLength);
      rest = rest.subarray(piece.byteLength);
    }
    return undefined;
  }

  #beginWhole(byteLength: number): void {
    const { offset } = this.#buffer;
    this.#begin(offset + byteLength > this.#limit);
    // While no record ends behind it, the write before must not be divided either.
    const isLast = (this.#buffer.recordsEnd ?? offset) >= this.#whole.end;
    const start = isLast ? offset : this.#whole.start;
    this.#whole = { start, end: offset + byteLength };
  }

  #beginRecord(): void {
    this.#begin(this.#buffer.offset >= this.#limit);
  }

  /**
   * Ends the object before the bytes that come next, or before the record that they belong to.
   *
   * @param isFull Whether the object has no room for them.
   */
  #begin(isFull: boolean): void {
    const { offset, recordsEnd } = this.#buffer;
    this.#checkBehindRecord();
    if (this.#isBetweenRecords) this.#endIfDue(offset, isFull && this.#isDivisibleAt(offset));
    else if (isFull && this.#isDivisibleAt(recordsEnd)) this.#end(recordsEnd, 'size');
  }

  /** Within a record that began in an earlier chunk the clock can be read only when it ends. */
  #checkBehindRecord(): void {
    if (this.#buffer.isBetweenChunks && !this.#isBetweenRecords) this.check();
  }

  /** How many bytes go to the same object for certain. */
  #undividedLength(rest: Buffer): number {
    const room = this.#room;
    if (room > 0 && !this.#isCheckDue) return room;
    // Within a record that cannot go to the next object any more, or behind which the clock is read.
    const recordEnd = this.#buffer.recordEndIn(rest) ?? rest.byteLength;
    if (room > 0) return Math.min(room, recordEnd);
    // A record that no chunk divides has outgrown one, and may turn out to be too long for the object.
    const roomInObject = this.#limit - this.#buffer.offset;
    return roomInObject > 0 ? Math.min(roomInObject, recordEnd) : recordEnd;
  }

  get #isBetweenRecords(): boolean {
    return this.#buffer.recordsEnd === this.#buffer.offset;
  }

  /** Whether an object may end at `offset`, where records part: neither empty, nor within a write. */
  #isDivisibleAt(offset: number | undefined): offset is number {
    if (offset === undefined) return false;
    const isWithin = offset > this.#whole.start && offset < this.#whole.end;
    return !isWithin && (offset > this.#start || this.#hasContent);
  }

  /** Ends the object at `offset`, the end of what was accepted, if it is full or its period is over. */
  #endIfDue(offset: number, isFull: boolean): void {
    const { period } = this.#options;
    const needsClock = this.#isCheckDue || this.#buffer.isBetweenChunks;
    if (period !== undefined && needsClock && this.#isPeriodOver(period)) {
      this.#end(offset, 'interval');
    } else if (isFull) {
      this.#end(offset, 'size');
    }
  }

  #isPeriodOver(period: PeriodClock): boolean {
    const now = nodeTimers.date();
    if (this.#isCheckDue) {
      this.#isCheckDue = false;
      this.#buffer.setBarrier(this.#limit);
    }
    const clock = now - nodeTimers.now();
    if (Math.abs(clock - this.#clock) > maxDrift) this.#stopTimer();
    if (this.#timer === undefined) {
      this.#clock = clock;
      this.#timer = nodeTimers.setTimeout(
        () => {
          this.#timer = undefined;
          this.check();
        },
        Math.max(1, period.nextCheck(now) - now),
      );
      this.#timer.unref();
    }
    return period.isOver(now);
  }

  #end(offset: number, reason: Mark['reason']): void {
    const { period, maxSize } = this.#options;
    const now = nodeTimers.date();
    const isOver = period?.isOver(now) ?? false;
    if (isOver) period?.enter(now);
    this.#buffer.split(offset);
    // No byte found room in the object that was to begin there.
    if (this.#marks.at(-1)?.offset === offset) this.#marks.pop();
    this.#marks.push({
      offset,
      reason: isOver ? 'interval' : reason,
      startedAt: period?.dateOf(now) ?? now,
    });
    this.#start = offset;
    this.#hasContent = false;
    this.#setLimit(offset + maxSize);
  }

  #setLimit(offset: number): void {
    this.#limit = offset;
    this.#buffer.setBarrier(this.#isCheckDue ? 0 : offset);
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
