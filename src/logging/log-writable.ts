import { errorMonitor } from 'node:events';
import { Writable } from 'node:stream';
import type { Callback } from '../callback.js';
import { ShutdownTimeoutError } from '../errors.js';
import { formatDuration } from '../quantity.js';
import { AppendWritable } from '../stream/append-writable.js';
import { destroyedError } from '../stream/node-errors.js';
import type { AppendStatistics } from '../stream/stream-events.js';
import type { UncommittedBytes } from '../stream/uncommitted-bytes.js';
import { ReusableTimer } from '../timers/reusable-timer.js';
import { DropCounter, tellDropped } from './drop-counter.js';
import { DropEventThrottle } from './drop-event-throttle.js';
import { DropNewest } from './drop-newest.js';
import { DropOldest } from './drop-oldest.js';
import { onExit } from './exit-hook.js';
import { bytesOf } from './line-ends.js';
import type { LineGate, LineSink } from './line-gate.js';
import {
  type LogWritableOptions,
  type ResolvedLogOptions,
  resolveLogOptions,
} from './log-options.js';
import { NaturalEnd } from './natural-end.js';
import { OutageNotice } from './outage-notice.js';
import { saveOnFailure } from './save-on-failure.js';
import { objectName } from './standard-error.js';

/** What a {@link LogWritable} has done so far. */
export interface LogStatistics extends AppendStatistics {
  /** Lines that `overflow` dropped, and their bytes. */
  readonly linesDropped: number;
  readonly bytesDropped: number;
}

/**
 * An `AppendWritable` for loggers, who neither heed backpressure nor wait at the end: lines beyond a
 * bound are dropped whole, and so are those that come after the end; ending takes limited time, and
 * what could not be committed is saved in a file, also when the process exits meanwhile.
 *
 * Emits `'drop'` with {@link DropEvent} besides the events of `AppendWritable`.
 */
export class LogWritable extends AppendWritable {
  readonly #options: ResolvedLogOptions;
  readonly #counter: DropCounter;
  readonly #throttle: DropEventThrottle;
  #defaultEncoding: BufferEncoding;

  /** Whoever drops lines; nobody, where `write()` answers `false` instead. */
  readonly #gate: LineGate | undefined;
  readonly #forgetExit: () => void;
  readonly #naturalEnd: NaturalEnd;

  /** Of the end. */
  readonly #deadline = new ReusableTimer();
  readonly #outage: OutageNotice;

  // Node's types declare it as a property, which an accessor may not override by syntax.
  static {
    Object.defineProperty(LogWritable.prototype, 'writableLength', {
      configurable: true,
      get: function (this: LogWritable): number {
        return this.#streamLength + (this.#gate?.byteLength ?? 0);
      },
    });
  }

  /**
   * @param act What the caller was asked to do, for messages.
   * @throws {TypeError} If an option is of the wrong type or shape.
   * @throws {RangeError} If an option is out of range, or `fallback` cannot be written.
   */
  constructor(options: LogWritableOptions, act = 'create LogWritable') {
    const resolved = resolveLogOptions(options, act);
    super(resolved.stream, act);
    this.#options = resolved;
    const { marker } = resolved.overflow;
    this.#outage = new OutageNotice(objectName(resolved.stream.bucket, this.key));
    this.#defaultEncoding = resolved.stream.defaultEncoding ?? 'utf8';
    this.#throttle = new DropEventThrottle((drop) => this.emit('drop', drop));
    this.#counter = new DropCounter(marker, (drop) => this.#throttle.add(drop));
    this.#gate = this.#createGate();
    this.#forgetExit = onExit(() => this.#leave());
    this.#naturalEnd = this.#watchNaturalEnd();
    this.#watch();
  }

  override get stats(): LogStatistics {
    const { lines, bytes } = this.#counter;
    return { ...super.stats, linesDropped: lines, bytesDropped: bytes };
  }

  override write(data: unknown, callback?: Callback): boolean;
  override write(data: unknown, encoding?: BufferEncoding, callback?: Callback): boolean;
  override write(
    data: unknown,
    encoding?: BufferEncoding | Callback,
    callback?: Callback,
  ): boolean {
    return typeof encoding === 'function'
      ? this.#write(data, undefined, encoding)
      : this.#write(data, encoding, callback);
  }

  override setDefaultEncoding(encoding: BufferEncoding): this {
    super.setDefaultEncoding(encoding);
    this.#defaultEncoding = encoding;
    return this;
  }

  override append(
    ...args: Parameters<AppendWritable['append']>
  ): ReturnType<AppendWritable['append']> {
    this.#handOver();
    return this.#naturalEnd.waitsFor(super.append(...args));
  }

  // One parameter, by which pino's worker knows how to call it.
  override flush(callback?: Callback): Promise<void> {
    this.#handOver();
    return this.#naturalEnd.waitsFor(super.flush(callback));
  }

  override end(callback?: () => void): this;
  override end(data: unknown, callback?: () => void): this;
  override end(data: unknown, encoding?: BufferEncoding, callback?: () => void): this;
  override end(data?: unknown, encoding?: unknown, callback?: unknown): this {
    if (this.writableEnded || this.destroyed) {
      return super.end(data, encoding as BufferEncoding, callback as () => void);
    }
    const [content, contentEncoding, told] =
      typeof data === 'function'
        ? [undefined, undefined, data]
        : typeof encoding === 'function'
          ? [data, undefined, encoding]
          : [data, encoding, callback];
    if (content !== undefined && content !== null) {
      this.#write(content, contentEncoding as BufferEncoding);
    }
    this.#gate?.end();
    this.#limitShutdown();
    return super.end(told as () => void);
  }

  override takeUncommitted(): UncommittedBytes | undefined {
    const uncommitted = super.takeUncommitted();
    if (!this.destroyed) return undefined;
    const rest = this.#gate?.takeRest() ?? Buffer.alloc(0);
    if (rest.byteLength === 0) return uncommitted;
    const { key, position } = this;
    if (uncommitted === undefined) {
      return { key, position, bytes: rest, confirmed: true, doubtful: 0 };
    }
    return { ...uncommitted, bytes: Buffer.concat([uncommitted.bytes, rest]) };
  }

  #write(data: unknown, encoding?: BufferEncoding, callback?: Callback): boolean {
    // As for Node, an empty name of an encoding is none.
    const known = encoding || this.#defaultEncoding;
    const content = contentOf(data, known);
    // Node refuses it.
    if (content === undefined) return super.write(data, encoding, callback);
    // Node ignores a callback that is no function.
    const told = typeof callback === 'function' ? callback : undefined;
    if (this.writableEnded || this.destroyed) {
      // Node would destroy the stream, and what waits would not be appended: loggers write late.
      this.#counter.dropLate(bytesOf(content));
      tellDropped(told);
    } else if (this.#gate === undefined) {
      return super.write(content, 'utf8', told);
    } else {
      this.#gate.write(content, told);
    }
    return true;
  }

  /** What waits goes first. A stream that failed takes nothing, and what waits is handed back. */
  #handOver(): void {
    if (!this.destroyed) this.#gate?.handOver();
  }

  get #streamLength(): number {
    return Reflect.get(AppendWritable.prototype, 'writableLength', this);
  }

  #createGate(): LineGate | undefined {
    const { policy, maxLength } = this.#options.overflow;
    if (policy === 'block') return undefined;
    const sink = this.#sink();
    return policy === 'drop-newest'
      ? new DropNewest(sink, maxLength, this.#counter)
      : new DropOldest(sink, maxLength, this.#counter);
  }

  #sink(): LineSink {
    const stream = this;
    return {
      get byteLength() {
        return stream.#streamLength;
      },
      highWaterMark: this.writableHighWaterMark,
      write: (data, callback) => {
        // Node's queue counts the units of a string, which may be a third of its bytes.
        const queued: number = Reflect.get(Writable.prototype, 'writableLength', this);
        super.write(queued > 0 ? bytesOf(data) : data, 'utf8', callback);
      },
    };
  }

  #watch(): void {
    this.on('retry', ({ error }) => {
      if (!this.destroyed) this.#outage.failed(error);
    });
    this.on('ready', () => {
      // What waits shows whether it can be appended to.
      if (this.writableLength === 0) this.#outage.recovered();
    });
    this.on('commit', () => {
      this.#outage.recovered();
      if (!this.destroyed && !this.writableEnded) this.#gate?.resume();
    });
    // Before anybody else is told: a worker may be killed as soon as its application knows.
    this.on(errorMonitor, (error: Error) => this.#saveOnFailure(error.message));
    this.on('close', () => {
      this.#deadline.close();
      this.#outage.close();
      this.#gate?.fail(this.errored ?? destroyedError('write'));
      this.#throttle.flush();
      this.#saveOnFailure('the stream was destroyed');
      this.#forgetExit();
      this.#naturalEnd.close();
    });
  }

  /** The store is away, and nothing else is going on: the log gets as long as after any other end. */
  #watchNaturalEnd(): NaturalEnd {
    const stream = this;
    return new NaturalEnd({
      get isUnfinished() {
        return !stream.destroyed && !stream.writableEnded && stream.writableLength > 0;
      },
      end: () => void this.end(),
    });
  }

  #limitShutdown(): void {
    const { shutdownTimeout } = this.#options;
    this.#deadline.start(shutdownTimeout, () => {
      const { lastFailure: trouble } = this.stats;
      const why = trouble === undefined ? '' : `: ${trouble.message}`;
      const message = `Not everything could be committed within ${formatDuration(shutdownTimeout)} of the end${why}`;
      this.destroy(new ShutdownTimeoutError(message, {}, trouble && { cause: trouble }));
    });
  }

  /** The process exits, and will not wait. */
  #leave(): void {
    const hasFailed = this.destroyed;
    this.destroy();
    this.#saveOnFailure(hasFailed ? 'the stream had failed' : 'the process exited');
  }

  #saveOnFailure(why: string): void {
    const { fallback, stream } = this.#options;
    if (fallback === false) return;
    const uncommitted = this.takeUncommitted();
    if (uncommitted !== undefined)
      saveOnFailure(uncommitted, why, { bucket: stream.bucket, fallback });
  }
}

/** What a write carries, text in UTF-8 as it is; `undefined` for what no stream takes. */
function contentOf(data: unknown, encoding: BufferEncoding): string | Uint8Array | undefined {
  if (typeof data !== 'string') {
    if (data instanceof Uint8Array) return data;
    return ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      : undefined;
  }
  if (encoding === 'utf8') return data;
  return Buffer.isEncoding(encoding) ? Buffer.from(data, encoding) : undefined;
}
