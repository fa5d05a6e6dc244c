import { Writable } from 'node:stream';
import type { AppendResult, AppendWritable } from '../../src/index.js';
import type { Chronicle } from './chronicle.js';
import type { Random } from './random.js';
import type { SentAppends } from './sent-appends.js';
import type { Source } from './source.js';
import type { UserWrite } from './units.js';

type Told = (error?: Error | null) => void;

export interface UserOptions {
  readonly source: Source;

  /** What the stream has sent. */
  readonly sent: SentAppends;

  /** Offset in the source of the first byte of the stream. */
  readonly start: number;

  /** Bytes that an earlier stream handed back, written first. */
  readonly rest: Buffer;

  /** Whether others append to the same objects, so that its bytes need not be contiguous there. */
  readonly isRebasing: boolean;

  /** Bytes that Node's own queue holds before `write()` returns false. */
  readonly queueSize: number;
  readonly random: Random;
  readonly chronicle: Chronicle;
  readonly abort: () => void;
}

/** Calls the methods of a stream, and records what it wrote and what was acknowledged. */
export class User {
  /** Called after each callback. */
  onTold: () => void = () => {};

  /** Offset in the source of the end of the bytes written. */
  written: number;

  /** Offset in the source up to which a commit was acknowledged. */
  acknowledged: number;

  /** Offset in the source up to which `flush()` or `end()` asked for a commit. */
  demanded = 0;

  /** Whether the user destroyed the stream or aborted its signal. */
  hasGivenUp = false;

  /** Whether `write()` returned false and `'drain'` has not followed. */
  isFull = false;

  /** Whether `end()` was called. */
  hasEnded = false;

  /** Callbacks that have not run yet. */
  waiting = 0;

  /** Offsets in the source of the ends of what calls of `flush()` wait for. */
  readonly flushes: number[] = [];
  largestWrite = 0;

  /** All writes, in order. */
  readonly writes: UserWrite[] = [];
  readonly #stream: AppendWritable;
  readonly #options: UserOptions;

  /** Offset of the end of the last write whose callback ran. */
  #called: number;

  constructor(stream: AppendWritable, options: UserOptions) {
    this.#stream = stream;
    this.#options = options;
    this.written = options.start;
    this.acknowledged = options.start;
    this.#called = options.start;
    stream.on('drain', () => {
      this.isFull = false;
    });
  }

  /** Offset in the source of the end of the committed bytes. */
  get committed(): number {
    return this.#options.start + this.#stream.bytesWritten;
  }

  write(length: number): void {
    const [data, encoding] = this.#take(length);
    const callback = this.#options.random.chance(0.6) ? this.#inOrder(data) : undefined;
    const queued: number = Reflect.get(Writable.prototype, 'writableLength', this.#stream);
    const isTaken =
      callback === undefined
        ? this.#stream.write(data, encoding)
        : this.#stream.write(data, encoding, callback);
    this.isFull = !isTaken;
    const hasRoom = queued + length < this.#options.queueSize && !this.#stream.destroyed;
    // For no bytes at all, versions of Node.js return different values.
    if (isTaken === hasRoom || queued + length === 0) return;
    this.#blame(`write() returned ${isTaken} with ${queued}+${length} bytes in Node's queue`);
  }

  append(length: number): void {
    const start = this.written;
    const [data, encoding] = this.#take(length, true);
    const told = this.#onCommit(data);
    this.#stream.append(data, encoding).then((place) => {
      this.#checkPlace(place, start, length);
      told();
    }, told);
  }

  flush(): void {
    const end = this.written;
    this.demanded = end;
    this.flushes.push(end);
    const told = this.#await('flush()', (error) => {
      this.flushes.splice(this.flushes.indexOf(end), 1);
      this.#check(0, end, error);
    });
    if (this.#options.random.chance(0.3)) void this.#stream.flush(told);
    else this.#stream.flush().then(() => told(), told);
  }

  /** @param length Bytes to pass to `end()`; none if it is `undefined`. */
  end(length?: number): void {
    const stream = this.#stream;
    while (stream.writableCorked > 0) stream.uncork();
    const [data, encoding] = length === undefined ? [] : this.#take(length);
    const end = this.written;
    this.demanded = end;
    this.hasEnded = true;
    const told = this.#await('end()', (error) => this.#check(0, end, error));
    if (data === undefined) stream.end(told);
    else stream.end(data, encoding, told);
  }

  destroy(): void {
    this.hasGivenUp = true;
    this.#stream.destroy(this.#options.random.chance(0.5) ? new OwnError() : undefined);
  }

  abort(): void {
    this.hasGivenUp = true;
    this.#options.abort();
  }

  /** The next bytes in one of the forms that a write accepts. */
  #take(length: number, isWhole = false): [data: string | Uint8Array, encoding?: BufferEncoding] {
    const { random } = this.#options;
    const [start, end] = [this.written, this.written + length];
    const bytes = this.#bytes(start, end);
    this.writes.push({ start, end, isWhole, now: performance.now(), date: Date.now() });
    this.written = end;
    this.largestWrite = Math.max(this.largestWrite, length);
    if (random.chance(0.3)) {
      const encoding = random.pick(['utf8', 'latin1', 'ascii'] as const);
      return [bytes.toString('latin1'), encoding];
    }
    return [random.chance(0.3) ? new Uint8Array(bytes) : bytes];
  }

  /** A copy of the user's bytes between two offsets: those handed back, then the source. */
  #bytes(from: number, to: number): Buffer {
    const { start, rest, source } = this.#options;
    return Buffer.concat([
      rest.subarray(from - start, Math.max(to - start, 0)),
      source.bytes.subarray(Math.max(from, start + rest.length), to),
    ]);
  }

  /** The callback of the write just made. */
  #onCommit(data: string | Uint8Array): Told {
    const end = this.written;
    return this.#await(`the write up to ${end}`, (error) => {
      // After the callback a user may reuse the memory.
      if (typeof data !== 'string') data.fill(0xff);
      this.#check(data.length, end, error);
    });
  }

  /** The same for `write()`, whose callbacks must run in the order of the writes. */
  #inOrder(data: string | Uint8Array): Told {
    const end = this.written;
    const told = this.#onCommit(data);
    return (error) => {
      if (end < this.#called) this.#blame('a callback ran after that of a later write');
      this.#called = end;
      told(error);
    };
  }

  #await(what: string, told: Told): Told {
    let times = 0;
    this.waiting++;
    return (error) => {
      if (++times > 1) this.#blame(`the callback of ${what} ran ${times} times`);
      else this.waiting--;
      told(error);
      this.onTold();
    };
  }

  #check(length: number, end: number, error?: Error | null): void {
    const { committed } = this;
    if (!error) {
      this.acknowledged = Math.max(this.acknowledged, end);
      if (end > committed) this.#blame(`acknowledged ${end} when ${committed} are committed`);
      return;
    }
    if (!this.#stream.destroyed) this.#blame(`a callback failed, but the stream did not: ${error}`);
    if (length > 0 && end <= committed)
      this.#blame(`the callback for ${end} failed, but it is committed`);
  }

  #checkPlace({ key, start, end }: AppendResult, offset: number, length: number): void {
    const { sent, isRebasing } = this.#options;
    const place = this.#beginOf(offset, length) ?? { key, position: start };
    const isRight = place.key === key && place.position === start;
    // Between two objects nothing can be at the end of the one or at the beginning of the other.
    const isInOne = !isRebasing && sent.runs.length === 1 && place.key === key;
    const mustBeRight = length > 0 || isInOne;
    // Others may have appended between the chunks of the data.
    const last = isRebasing && length > 0 ? sent.placeOf(offset + length - 1) : undefined;
    const isEndRight =
      last === undefined ? end === start + length : last.key === key && last.position + 1 === end;
    if ((mustBeRight && !isRight) || !isEndRight) {
      this.#blame(`append() of ${offset}+${length} resolved with ${key}: ${start} to ${end}`);
    }
  }

  /** Where these bytes begin: behind those that an operator has deleted since they were committed. */
  #beginOf(offset: number, length: number) {
    const { sent, isRebasing } = this.#options;
    let begin = sent.placeOf(offset);
    if (!isRebasing) return begin;
    for (let next = 1, before = begin; next < length; next++) {
      const place = sent.placeOf(offset + next);
      if (place !== undefined && before !== undefined && place.position <= before.position) {
        begin = place;
      }
      before = place;
    }
    return begin;
  }

  #blame(problem: string): void {
    this.#options.chronicle.blame(problem);
  }
}

/** The error with which a user destroys a stream. */
class OwnError extends Error {
  override readonly name = 'OwnError';
}
