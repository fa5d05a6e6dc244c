import type { AppendWritable } from '../../src/index.js';
import type { Random } from './random.js';
import { mostBytes, sourceData } from './source-data.js';

/** Somebody who uses a stream, at any moment in any way, and remembers what he was told. */
export class User {
  readonly problems: string[] = [];

  /** Bytes passed to the stream. */
  written = 0;

  /** Bytes up to which a commit was acknowledged. */
  acknowledged = 0;

  /** Whether he meant the stream to end before everything was committed. */
  hasGivenUp = false;
  readonly #random: Random;
  readonly #stream: AppendWritable;
  readonly #chunkSize: number;
  readonly #abort: () => void;
  #movesLeft: number;
  #isFull = false;

  /** End of the last write whose callback ran. */
  #called = 0;

  constructor(
    stream: AppendWritable,
    { random, chunkSize, abort }: { random: Random; chunkSize: number; abort: () => void },
  ) {
    this.#random = random;
    this.#stream = stream;
    this.#chunkSize = chunkSize;
    this.#abort = abort;
    this.#movesLeft = random.integer(1, 25);
    stream.on('drain', () => {
      this.#isFull = false;
    });
  }

  /** Makes one move after the other, in time, until the stream is told to end. */
  start(): void {
    setTimeout(() => this.#move(), this.#random.next() * this.#random.pick([1, 20, 300]));
  }

  #move(): void {
    const stream = this.#stream;
    if (stream.destroyed || stream.writableEnded) return;
    if (--this.#movesLeft < 0) {
      this.#end();
      return;
    }
    const move = this.#random.weighted({
      write: 14,
      append: 2,
      flush: 3,
      cork: 2,
      uncork: 3,
      end: 1,
      destroy: 0.3,
      abort: 0.2,
    });
    if (move === 'write' && !this.#isFull) this.#write();
    else if (move === 'append') this.#append();
    else if (move === 'flush') this.#flush();
    else if (move === 'cork') stream.cork();
    else if (move === 'uncork') stream.uncork();
    else if (move === 'end') {
      this.#end();
      return;
    } else if (move === 'destroy' || move === 'abort') {
      this.hasGivenUp = true;
      if (move === 'destroy') stream.destroy();
      else this.#abort();
      return;
    }
    this.start();
  }

  #write(): void {
    const [bytes, end] = this.#take();
    const data = this.#random.chance(0.3) ? bytes.toString('latin1') : Buffer.from(bytes);
    const callback = this.#random.chance(0.6) ? this.#listener(end) : undefined;
    this.#isFull = !this.#stream.write(data, callback);
  }

  #append(): void {
    const [bytes, end] = this.#take();
    this.#stream.append(Buffer.from(bytes)).then(
      ({ start, end: last }) => {
        if (last - start !== bytes.length) this.problems.push('append() tells another length');
        this.#acknowledge(end);
      },
      (error) => this.#fail(error),
    );
  }

  #flush(): void {
    const end = this.written;
    this.#stream.flush().then(
      () => this.#acknowledge(end),
      (error) => this.#fail(error),
    );
  }

  #end(): void {
    const end = this.written;
    while (this.#stream.writableCorked > 0) this.#stream.uncork();
    this.#stream.end((error?: Error | null) => {
      if (!error) this.#acknowledge(end);
    });
  }

  #take(): [bytes: Buffer, end: number] {
    const most = Math.min(3 * this.#chunkSize, mostBytes - this.written);
    const start = this.written;
    this.written += this.#random.integer(0, most);
    return [sourceData.subarray(start, this.written), this.written];
  }

  #listener(end: number): (error?: Error | null) => void {
    return (error) => {
      if (error) return this.#fail(error);
      if (end < this.#called) this.problems.push('a callback ran after that of a later write');
      this.#called = end;
      this.#acknowledge(end);
    };
  }

  #acknowledge(end: number): void {
    this.acknowledged = Math.max(this.acknowledged, end);
  }

  #fail(error: Error): void {
    if (!this.#stream.destroyed) this.problems.push(`told of a failure that is none: ${error}`);
  }
}
