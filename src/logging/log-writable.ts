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
 * An `AppendWritable` for loggers, which neither respect backpressure nor wait for the end. Lines
 * beyond a bound and lines written after the end are dropped whole; ending takes limited time; and
 * uncommitted bytes are saved in a file, also when the process exits meanwhile.
 *
 * Emits `'drop'` with {@link DropEvent} in addition to the events of `AppendWritable`.
 */
export class LogWritable extends AppendWritable {
  readonly #options: ResolvedLogOptions;
  readonly #counter: DropCounter;
  readonly #throttle: DropEventThrottle;
  #defaultEncoding: BufferEncoding;

  /** Drops lines; `undefined` for the policy `block`, where `write()` returns `false` instead. */
  readonly #gate: LineGate | undefined;
  readonly #forgetExit: () => void;
  readonly #naturalEnd: NaturalEnd;

  readonly #shutdownTimer = new ReusableTimer();
  readonly #outage: OutageNotice;

  // Node's types declare a property, which TypeScript does not let an accessor override.
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
    this.#outage = new OutageNotice(() => objectName(resolved.stream.bucket, this.key));
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
    const appended = super.append(...args);
    // An unfinished record is committed only when the log ends, so that must not wait for it.
    const mayNeverSettle = this.#options.stream.recordDelimiter;
    return mayNeverSettle ? appended : this.#naturalEnd.waitsFor(appended);
  }

  // Exactly one parameter: pino's worker looks at it to decide how to call `flush()`.
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
    const [content, contentEncoding, done] =
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
    return super.end(done as () => void);
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
    // Node treats an empty encoding name as absent.
    const known = encoding || this.#defaultEncoding;
    const content = contentOf(data, known);
    // Node throws or fails with its own error.
    if (content === undefined) return super.write(data, encoding, callback);
    // Node ignores a callback that is not a function.
    const done = typeof callback === 'function' ? callback : undefined;
    if (this.writableEnded || this.destroyed) {
      // Loggers write late. Node would destroy the stream, and with it the queued lines.
      this.#counter.dropLate(bytesOf(content));
      tellDropped(done);
    } else if (this.#gate === undefined) {
      return super.write(content, 'utf8', done);
    } else {
      this.#gate.write(content, done);
    }
    return true;
  }

  /** Queued lines go first. After a failure they stay queued, to be handed back as uncommitted. */
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
        // Node's queue counts UTF-16 code units of a string, down to a third of its bytes.
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
      // Otherwise the next append shows whether the outage is over.
      if (this.writableLength === 0) this.#outage.recovered();
    });
    this.on('commit', () => {
      this.#outage.recovered();
      if (!this.destroyed && !this.writableEnded) this.#gate?.resume();
    });
    // Before other 'error' listeners: an application may kill its worker as soon as it hears of it.
    this.on(errorMonitor, (error: Error) => this.#saveOnFailure(error.message));
    this.on('close', () => {
      this.#shutdownTimer.close();
      this.#outage.close();
      this.#gate?.fail(this.errored ?? destroyedError('write'));
      this.#throttle.flush();
      this.#saveOnFailure('the stream was destroyed');
      this.#forgetExit();
      this.#naturalEnd.close();
    });
  }

  /** Ends the log if an idle process is about to exit during an outage; `shutdownTimeout` applies. */
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
    this.#shutdownTimer.start(shutdownTimeout, () => {
      const { lastFailure: trouble } = this.stats;
      const why = trouble === undefined ? '' : `: ${trouble.message}`;
      const what =
        this.writableLength > 0
          ? 'Not everything could be committed'
          : 'The object could not be sealed';
      const message = `${what} within ${formatDuration(shutdownTimeout)} of the end${why}`;
      this.destroy(new ShutdownTimeoutError(message, {}, trouble && { cause: trouble }));
    });
  }

  /** The process is exiting: only synchronous work is possible. */
  #leave(): void {
    const hasFailed = this.destroyed;
    this.destroy();
    this.#saveOnFailure(hasFailed ? 'the stream had failed' : 'the process exited');
  }

  #saveOnFailure(why: string): void {
    const { fallback, stream: options } = this.#options;
    if (fallback === false) return;
    const uncommitted = this.takeUncommitted();
    if (uncommitted === undefined) return;
    saveOnFailure(uncommitted, why, { bucket: options.bucket, options, fallback });
  }
}

/** Bytes of a write, or its text if that is UTF-8; `undefined` if no stream accepts it. */
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
