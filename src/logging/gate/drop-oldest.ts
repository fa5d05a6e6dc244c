import type { Place } from '../../buffer/acknowledgements.js';
import type { Callback } from '../../callback.js';
import { cutLength } from './cut-length.js';
import { bytesOf, fits } from './data-bytes.js';
import { type DropCounter, tellDropped } from './drop-counter.js';
import { LineEnds } from './line-ends.js';
import type { LineGate, LineSink } from './line-gate.js';
import { LineQueue } from './line-queue.js';
import { lineFeed, type RecordDelimiter } from './record-delimiter.js';

/**
 * Queues lines for which the sink has no room, and drops the oldest whole lines when the queue
 * grows too long. Lines in the sink stay: they are in a chunk already or will be in the next one. One
 * whose beginning is there is completed unless it gets far too long.
 */
export class DropOldest implements LineGate {
  readonly #sink: LineSink;
  readonly #maxLength: number;
  readonly #counter: DropCounter;
  readonly #delimiter: RecordDelimiter;

  /** Always begins at the start of a line. */
  readonly #queue: LineQueue;

  /** All bytes written have been passed to it, whether they are in the sink, in the queue or dropped. */
  readonly #ends: LineEnds;

  /** Whether the last write ended within a line that is dropped to its end. */
  #isDroppingLine = false;

  constructor(
    sink: LineSink,
    maxLength: number,
    counter: DropCounter,
    delimiter: RecordDelimiter = lineFeed,
  ) {
    this.#sink = sink;
    this.#maxLength = maxLength;
    this.#counter = counter;
    this.#delimiter = delimiter;
    this.#queue = new LineQueue(delimiter);
    this.#ends = new LineEnds(delimiter);
  }

  get byteLength(): number {
    return this.#queue.byteLength;
  }

  write(data: string | Uint8Array, callback?: Callback): void {
    const { byteLength, highWaterMark } = this.#sink;
    const isWaiting = this.#queue.byteLength > 0 || this.#isDroppingLine;
    if (!isWaiting && byteLength < highWaterMark && fits(data, this.#maxLength - byteLength)) {
      this.#passOn(data, callback);
      return;
    }
    if (data.length === 0) {
      this.#holdNothing(callback);
      return;
    }
    this.#hold(bytesOf(data), callback);
    this.#counter.report();
    this.resume();
  }

  append(bytes: Uint8Array): Promise<Place> {
    this.handOver();
    if (bytes.byteLength === 0) return this.#sink.append(bytes);
    if (this.#isDroppingLine) {
      return new Promise((_, reject) => this.write(bytes, reject));
    }
    this.#passOnMarker();
    this.#ends.pass(bytes);
    return this.#sink.append(bytes);
  }

  resume(): void {
    while (this.#queue.byteLength > 0 && this.#sink.byteLength < this.#sink.highWaterMark) {
      this.#passOnPiece();
    }
  }

  handOver(): void {
    while (this.#queue.byteLength > 0) this.#passOnPiece();
  }

  end(): void {
    this.handOver();
    this.#passOnMarker();
  }

  takeRest(): Buffer {
    return Buffer.concat([this.#counter.takeMarker() ?? Buffer.alloc(0), this.#queue.takeAll()]);
  }

  fail(error: Error): void {
    this.#queue.fail(error);
  }

  #hold(bytes: Buffer, callback: Callback | undefined): void {
    if (this.#isCompleting && this.#isTooLong(bytes)) this.#cut();
    const isDropping = this.#isDroppingLine;
    const begin = isDropping ? this.#dropRestOfLine(bytes) : this.#finishLine(bytes);
    if (isDropping) tellDropped(callback);
    const rest = bytes.subarray(begin);
    this.#ends.pass(rest);
    const told = isDropping ? undefined : callback;
    if (rest.byteLength > 0) this.#queue.push(rest, told);
    else this.#holdNothing(told);
    this.#makeRoom();
  }

  /** An empty write: its callback runs when the bytes before it have been committed. */
  #holdNothing(callback: Callback | undefined): void {
    const nothing = new Uint8Array(0);
    if (this.#queue.byteLength > 0) this.#queue.push(nothing, callback);
    else this.#sink.write(nothing, callback);
  }

  #makeRoom(): void {
    let excess = this.#sink.byteLength + this.#queue.byteLength - this.#maxLength;
    while (excess > 0 && this.#queue.byteLength > 0) {
      const { bytes: line, callback } = this.#queue.dropLine();
      // Callbacks of empty writes: once the queue is empty, no later shift would pass them on.
      if (callback !== undefined) this.#sink.write('', callback);
      this.#counter.add(1, line.byteLength);
      excess -= line.byteLength;
      this.#isDroppingLine = !this.#delimiter.ends(line);
    }
  }

  /** Whether the sink has the beginning of the line that the last write left unfinished. */
  get #isCompleting(): boolean {
    return this.#ends.isWithinLine && !this.#isDroppingLine && this.#queue.byteLength === 0;
  }

  /** Whether the rest of that line is too long to complete it. */
  #isTooLong(bytes: Buffer): boolean {
    const room = cutLength(this.#maxLength) - this.#sink.byteLength;
    return bytes.byteLength > room && this.#ends.firstEnd(bytes) > room;
  }

  /** Ends that line, whose rest is dropped. */
  #cut(): void {
    this.#sink.write(this.#delimiter.bytes);
    this.#counter.add(1, 0);
    this.#isDroppingLine = true;
  }

  /** Returns where the next line begins. */
  #finishLine(bytes: Buffer): number {
    if (!this.#isCompleting) return 0;
    const end = this.#ends.firstEnd(bytes);
    this.#passOn(bytes.subarray(0, end));
    return end;
  }

  /** Returns where the next line begins. */
  #dropRestOfLine(bytes: Buffer): number {
    const end = this.#ends.firstEnd(bytes);
    this.#counter.add(0, end);
    this.#ends.pass(bytes.subarray(0, end));
    this.#isDroppingLine = this.#ends.isWithinLine;
    return end;
  }

  #passOn(data: string | Uint8Array, callback?: Callback): void {
    this.#passOnMarker();
    this.#sink.write(data, callback);
    this.#ends.pass(data);
  }

  #passOnPiece(): void {
    this.#passOnMarker();
    const { bytes, callback } = this.#queue.shift();
    this.#sink.write(bytes, callback);
  }

  #passOnMarker(): void {
    const marker = this.#counter.takeMarker();
    if (marker !== undefined) this.#sink.write(marker);
  }
}
