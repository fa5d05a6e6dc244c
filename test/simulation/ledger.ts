import type { ObjectHistory } from './object-history.js';
import type { Source } from './source.js';

/** The bytes of a source that have landed in objects: each must land once, and in order. */
export class Ledger {
  readonly source: Source;

  /** Offset of the end of the bytes that have landed. */
  #end: number;

  /** The greatest end that there has been. */
  #mostEnd: number;

  /** Bytes from here to the end may land again, because a stranger removed them. */
  #floor: number;

  /** The object where the last of them are, and the offset of the first of them there. */
  #last:
    | { readonly history: ObjectHistory; readonly object: number; readonly start: number }
    | undefined;

  /** @param start Offset of the first byte to land. */
  constructor(source: Source, start: number) {
    this.source = source;
    this.#end = start;
    this.#mostEnd = start;
    this.#floor = start;
  }

  get end(): number {
    return this.#end;
  }

  get mostEnd(): number {
    return this.#mostEnd;
  }

  /** Whether a stranger has removed the last of them. */
  get isLost(): boolean {
    return this.#floor < this.#end;
  }

  /** Whether bytes from this offset on may land. */
  isNext(offset: number): boolean {
    return offset >= this.#floor && offset <= this.#end;
  }

  /** Bytes have landed in the object with this number. */
  land(history: ObjectHistory, object: number, start: number, end: number): void {
    const isNext = this.isNext(start);
    if (!this.#isLast(history, object)) this.#last = { history, object, start };
    // Lost bytes may land again, and those behind them need not.
    this.#floor = isNext ? end : this.#end + end - start;
    this.#end = isNext ? Math.max(end, this.#end) : this.#floor;
    this.#mostEnd = Math.max(this.#mostEnd, this.#end);
  }

  /** A stranger has removed the object with this number. */
  lose(history: ObjectHistory, object: number): void {
    if (!this.#isLast(history, object)) return;
    this.#floor = Math.min(this.#floor, this.#last?.start ?? this.#floor);
  }

  #isLast(history: ObjectHistory, object: number): boolean {
    return history === this.#last?.history && object === this.#last.object;
  }
}
