import type { Place } from '../../buffer/acknowledgements.js';
import type { Callback } from '../../callback.js';
import { type DropCounter, tellDropped } from './drop-counter.js';
import { bytesOf, countLines, endsLine, firstLineEnd, fits, lastLineEnd } from './line-ends.js';
import type { LineGate, LineSink } from './line-gate.js';

/**
 * Drops new lines when there is no room, always whole: a line whose beginning was passed on is
 * completed, and a line whose beginning was dropped is dropped to its end.
 */
export class DropNewest implements LineGate {
  readonly byteLength = 0;
  readonly #sink: LineSink;
  readonly #maxLength: number;
  readonly #counter: DropCounter;

  /** What happened to the beginning of the line that the last write left incomplete. */
  #begun: 'passed on' | 'dropped' | undefined;

  constructor(sink: LineSink, maxLength: number, counter: DropCounter) {
    this.#sink = sink;
    this.#maxLength = maxLength;
    this.#counter = counter;
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
    this.#begun = endsLine(bytes) ? undefined : 'passed on';
    return this.#sink.append(bytes);
  }

  resume(): void {}

  handOver(): void {}

  end(): void {
    this.#passOnMarker();
  }

  takeRest(): Buffer {
    return Buffer.from(this.#counter.takeMarker() ?? '');
  }

  fail(): void {}

  get #room(): number {
    return this.#maxLength - this.#sink.byteLength;
  }

  /** Offset up to which the bytes from `begin` on have room, at the end of a line. */
  #fitting(bytes: Buffer, begin: number): number {
    const end = begin + this.#room;
    if (bytes.byteLength <= end) return bytes.byteLength;
    const begun = this.#begun === 'passed on' ? firstLineEnd(bytes, begin) : begin;
    return Math.max(begun, lastLineEnd(bytes, end));
  }

  #passOn(data: string | Uint8Array, callback?: Callback): void {
    this.#passOnMarker();
    this.#sink.write(data, callback);
    if (data.length > 0) this.#begun = endsLine(data) ? undefined : 'passed on';
  }

  #passOnMarker(): void {
    const marker = this.#counter.takeMarker();
    if (marker !== undefined) this.#sink.write(marker);
  }

  /** Drops the remainder; only the first line of it if that is too long to ever have room. */
  #dropFrom(bytes: Buffer, begin: number): number {
    const line = firstLineEnd(bytes, begin);
    const end = line - begin > this.#maxLength ? line : bytes.byteLength;
    const dropped = bytes.subarray(begin, end);
    this.#counter.add(countLines(dropped), dropped.byteLength);
    this.#begun = endsLine(dropped) ? undefined : 'dropped';
    return end;
  }

  /** Returns where the next line begins. */
  #dropRestOfLine(bytes: Buffer): number {
    const end = firstLineEnd(bytes);
    this.#counter.add(0, end);
    if (endsLine(bytes.subarray(0, end))) this.#begun = undefined;
    return end;
  }
}
