import type { Place } from '../../buffer/acknowledgements.js';
import type { Callback } from '../../callback.js';
import { cutLength } from './cut-length.js';
import { bytesOf, fits } from './data-bytes.js';
import { type DropCounter, tellDropped } from './drop-counter.js';
import { LineEnds } from './line-ends.js';
import type { LineGate, LineSink } from './line-gate.js';
import { lineFeed, type RecordDelimiter } from './record-delimiter.js';

/**
 * Drops new lines when there is no room, always whole: a line whose beginning was passed on is
 * completed unless it gets far too long, and a line whose beginning was dropped is dropped to its end.
 */
export class DropNewest implements LineGate {
  readonly byteLength = 0;
  readonly #sink: LineSink;
  readonly #maxLength: number;
  readonly #counter: DropCounter;
  readonly #delimiter: RecordDelimiter;

  /** All bytes written have been passed to it, whether they were dropped or not. */
  readonly #ends: LineEnds;

  /** What happened to the beginning of the line that the last write left incomplete. */
  #begun: 'passed on' | 'dropped' | undefined;

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
    this.#ends = new LineEnds(delimiter);
  }

  write(data: string | Uint8Array, callback?: Callback): void {
    if (this.#begun !== 'dropped' && fits(data, this.#room)) {
      this.#passOn(data, callback);
      return;
    }
    if (data.length === 0) {
      this.#sink.write(data, callback);
      return;
    }
    const bytes = bytesOf(data);
    if (this.#begun === 'passed on' && this.#isTooLong(bytes)) this.#cut();
    let begin = this.#begun === 'dropped' ? this.#dropRestOfLine(bytes) : 0;
    let isWhole = begin === 0;
    while (begin < bytes.byteLength) {
      const end = this.#fitting(bytes, begin);
      isWhole &&= end === bytes.byteLength;
      if (end > begin) this.#passOn(bytes.subarray(begin, end), isWhole ? callback : undefined);
      begin = end < bytes.byteLength ? this.#dropFrom(bytes, end) : end;
    }
    this.#counter.report();
    if (!isWhole) tellDropped(callback);
  }

  append(bytes: Uint8Array): Promise<Place> {
    if (bytes.byteLength === 0) return this.#sink.append(bytes);
    if (this.#begun === 'dropped') {
      return new Promise((_, reject) => this.write(bytes, reject));
    }
    this.#passOnMarker();
    this.#note(bytes, 'passed on');
    return this.#sink.append(bytes);
  }

  resume(): void {}

  handOver(): void {}

  end(): void {
    this.#passOnMarker();
  }

  takeRest(): Buffer {
    return this.#counter.takeMarker() ?? Buffer.alloc(0);
  }

  fail(): void {}

  get #room(): number {
    return this.#maxLength - this.#sink.byteLength;
  }

  /** Whether the rest of the line that was begun is too long to complete it. */
  #isTooLong(bytes: Buffer): boolean {
    const room = cutLength(this.#maxLength) - this.#sink.byteLength;
    return bytes.byteLength > room && this.#ends.firstEnd(bytes) > room;
  }

  /** Ends the line that was begun, whose rest is dropped. */
  #cut(): void {
    this.#sink.write(this.#delimiter.bytes);
    this.#counter.add(1, 0);
    this.#begun = 'dropped';
  }

  /** Offset up to which the bytes from `begin` on have room, at the end of a line. */
  #fitting(bytes: Buffer, begin: number): number {
    const end = begin + this.#room;
    if (bytes.byteLength <= end) return bytes.byteLength;
    const begun = this.#begun === 'passed on' ? this.#ends.firstEnd(bytes, begin) : begin;
    return Math.max(begun, this.#ends.lastEnd(bytes, begin, end));
  }

  #passOn(data: string | Uint8Array, callback?: Callback): void {
    this.#passOnMarker();
    this.#sink.write(data, callback);
    this.#note(data, 'passed on');
  }

  #passOnMarker(): void {
    const marker = this.#counter.takeMarker();
    if (marker !== undefined) this.#sink.write(marker);
  }

  /** Drops the remainder; only the first line of it if that is too long to ever have room. */
  #dropFrom(bytes: Buffer, begin: number): number {
    const line = this.#ends.firstEnd(bytes, begin);
    const end = line - begin > this.#maxLength ? line : bytes.byteLength;
    const dropped = bytes.subarray(begin, end);
    this.#counter.add(this.#delimiter.count(dropped), dropped.byteLength);
    this.#note(dropped, 'dropped');
    return end;
  }

  /** Returns where the next line begins. */
  #dropRestOfLine(bytes: Buffer): number {
    const end = this.#ends.firstEnd(bytes);
    this.#counter.add(0, end);
    this.#note(bytes.subarray(0, end), 'dropped');
    return end;
  }

  /** Notes what happened to `data`. */
  #note(data: string | Uint8Array, fate: 'passed on' | 'dropped'): void {
    if (data.length === 0) return;
    this.#ends.pass(data);
    this.#begun = this.#ends.isWithinLine ? fate : undefined;
  }
}
