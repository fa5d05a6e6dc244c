import { errorMonitor } from 'node:events';
import { Writable } from 'node:stream';
import { assertOptionalCallback } from '../assertions.js';
import type { Callback } from '../callback.js';
import { ShutdownTimeoutError } from '../errors.js';
import { formatDuration } from '../quantity.js';
import { AppendWritable } from '../stream/append-writable.js';
import { destroyedError } from '../stream/node-errors.js';
import { type AppendStatistics, headForbidden } from '../stream/stream-events.js';
import type { UncommittedBytes } from '../stream/uncommitted-bytes.js';
import { ReusableTimer } from '../timers/reusable-timer.js';
import { onExit } from './exit-hook.js';
import { createGate } from './gate/create-gate.js';
import { bytesOf } from './gate/data-bytes.js';
import { DropCounter, tellDropped } from './gate/drop-counter.js';
import { DropEventThrottle } from './gate/drop-event-throttle.js';
import type { LineGate, LineSink } from './gate/line-gate.js';
import { lineFeed, RecordDelimiter } from './gate/record-delimiter.js';
import { type RecordSink, WholeRecords } from './gate/whole-records.js';
import { contentOf } from './log-content.js';
import {
  type LogWritableOptions,
  type ResolvedLogOptions,
  resolveLogOptions,
} from './log-options.js';
import { NaturalEnd } from './natural-end.js';
import { OutageNotice } from './outage-notice.js';
import { saveOnFailure } from './save-on-failure.js';
import { SharingNotice } from './sharing-notice.js';
import { objectName } from './standard-error.js';

/** What a {@link LogWritable} has done so far. */
export interface LogStatistics extends AppendStatistics {
  /** Lines that `overflow` dropped or cut, each a record if the log has a delimiter, and their bytes. */
  readonly linesDropped: number;
  readonly bytesDropped: number;
}

/**
 * An `AppendWritable` for loggers, which neither respect backpressure nor wait for the end. It shares
 * its object with other processes, and goes on in the next when one takes no more. Lines beyond a
 * bound, lines that are too long, and lines written after the end are dropped whole; ending takes
 * limited time; and uncommitted bytes are saved in a file, also when the process exits meanwhile.
 *
 * Emits `'drop'` with {@link DropEvent} in addition to the events of `AppendWritable`.
 */
export class LogWritable extends AppendWritable {
  readonly #options: ResolvedLogOptions;
  readonly #counter: DropCounter;
  readonly #throttle: DropEventThrottle;
  #defaultEncoding: BufferEncoding;

  /** Drops lines, except with the policy `block`, where `write()` returns `false` instead. */
  readonly #gate: LineGate;

  /** Stands before the gate where others append to the object too, which must get no half records. */
  readonly #records: WholeRecords | undefined;
  readonly #delimiter: RecordDelimiter | undefined;
  readonly #forgetExit: () => void;
  readonly #naturalEnd: NaturalEnd;

  readonly #shutdownTimer = new ReusableTimer();
  readonly #outage: OutageNotice;
  readonly #sharing: SharingNotice;

  // Node's types declare a property, which TypeScript does not let an accessor override.
  static {
    Object.defineProperty(LogWritable.prototype, 'writableLength', {
      configurable: true,
      get: function (this: LogWritable): number {
        return this.#streamLength + this.#gate.byteLength + (this.#records?.byteLength ?? 0);
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
    this.#sharing = new SharingNotice(() => objectName(resolved.stream.bucket, this.key));
    this.#defaultEncoding = resolved.stream.defaultEncoding ?? 'utf8';
    this.#throttle = new DropEventThrottle((drop) => this.emit('drop', drop));
    const { recordDelimiter } = resolved.stream;
    this.#delimiter = recordDelimiter ? new RecordDelimiter(recordDelimiter) : undefined;
    const lineEnd = this.#delimiter ?? lineFeed;
    this.#counter = new DropCounter(marker, (drop) => this.#throttle.add(drop), lineEnd);
    this.#gate = createGate(resolved.overflow, this.#sink(), this.#counter, lineEnd);
    this.#records = this.#createRecords();
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
    const [data, encoding] = args;
    const content = contentOf(data, encoding || this.#defaultEncoding);
    let appended: ReturnType<AppendWritable['append']>;
    // Node throws its own error.
    if (content === undefined) appended = super.append(...args);
    else if (this.#isOver) appended = this.#appendLate(content, args);
    else appended = (this.#records ?? this.#gate).append(bytesOf(content));
    // An unfinished record is committed only when the log ends, so that must not wait for it.
    const isUnfinished = content !== undefined && this.#delimiter?.ends(content) === false;
    return isUnfinished ? appended : this.#naturalEnd.waitsFor(appended);
  }

  // Exactly one parameter: pino's worker looks at it to decide how to call `flush()`.
  override flush(callback?: Callback): Promise<void> {
    assertOptionalCallback('flush', callback);
    // What is held stays for takeUncommitted(), and its end never comes.
    if (this.destroyed) return super.flush(callback);
    this.#handOver();
    const passedOn = this.#records?.passedOn;
    if (passedOn === undefined) return this.#naturalEnd.waitsFor(super.flush(callback));
    // What is before the unfinished record need not wait for its end.
    super.flush().catch(() => {});
    const flushed = passedOn.then(() => {
      this.#handOver();
      return super.flush(callback);
    });
    if (callback !== undefined) flushed.catch(() => {});
    return flushed;
  }

  override end(callback?: () => void): this;
  override end(data: unknown, callback?: () => void): this;
  override end(data: unknown, encoding?: BufferEncoding, callback?: () => void): this;
  override end(data?: unknown, encoding?: unknown, callback?: unknown): this {
    const [content, contentEncoding, done] =
      typeof data === 'function'
        ? [undefined, undefined, data]
        : typeof encoding === 'function'
          ? [data, undefined, encoding]
          : [data, encoding, callback];
    if (content !== undefined && content !== null) {
      this.#write(content, contentEncoding as BufferEncoding);
    }
    // Node calls back with its own error.
    if (this.destroyed) return super.end(data, encoding as BufferEncoding, callback as () => void);
    if (!this.writableEnded) {
      this.#records?.end();
      this.#gate.end();
      this.#limitShutdown();
    }
    return super.end(done as () => void);
  }

  override takeUncommitted(): UncommittedBytes | undefined {
    const uncommitted = super.takeUncommitted();
    if (!this.destroyed) return undefined;
    const held = this.#records?.takeRest() ?? Buffer.alloc(0);
    const rest = Buffer.concat([this.#gate.takeRest(), held]);
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
    // Node throws its own error.
    if (content === undefined) return super.write(data, encoding, callback);
    // Node ignores a callback that is not a function.
    const done = typeof callback === 'function' ? callback : undefined;
    if (this.#isOver) {
      this.#counter.dropLate(bytesOf(content));
      tellDropped(done);
    } else if (this.#records !== undefined) {
      this.#records.write(content, done);
    } else {
      this.#gate.write(content, done);
    }
    return this.#options.overflow.policy !== 'block' || !this.writableNeedDrain;
  }

  #appendLate(
    content: string | Uint8Array,
    args: Parameters<AppendWritable['append']>,
  ): ReturnType<AppendWritable['append']> {
    this.#counter.dropLate(bytesOf(content));
    // Rejects with what the stream failed with.
    if (this.destroyed) return super.append(...args);
    return new Promise((_, reject) => tellDropped(reject));
  }

  /** Loggers write late: Node would destroy a stream in its end, and with it the queued lines. */
  get #isOver(): boolean {
    return this.writableEnded || this.destroyed;
  }

  /** Queued lines go first. After a failure they stay queued, to be handed back as uncommitted. */
  #handOver(): void {
    if (!this.destroyed) this.#gate.handOver();
  }

  get #streamLength(): number {
    return Reflect.get(AppendWritable.prototype, 'writableLength', this);
  }

  #createRecords(): WholeRecords | undefined {
    if (this.#delimiter === undefined || this.#options.stream.conflict !== 'rebase')
      return undefined;
    const sink: RecordSink = {
      write: (data, callback) => this.#gate.write(data, callback),
      append: (bytes) => this.#gate.append(bytes),
    };
    const { writableHighWaterMark } = this;
    return new WholeRecords(sink, this.#delimiter, writableHighWaterMark, this.#counter);
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
      append: (bytes) => super.append(bytes),
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
      if (!this.destroyed && !this.writableEnded) this.#gate.resume();
    });
    if (this.#options.stream.conflict === 'rebase') this.#watchSharing();
    // Before other 'error' listeners: an application may kill its worker as soon as it hears of it.
    this.on(errorMonitor, (error: Error) => this.#saveOnFailure(error.message));
    this.on('close', () => {
      this.#shutdownTimer.close();
      this.#outage.close();
      const reason = this.errored ?? destroyedError('write');
      this.#gate.fail(reason);
      this.#records?.fail(reason);
      this.#throttle.flush();
      this.#saveOnFailure('the stream was destroyed');
      this.#forgetExit();
      this.#naturalEnd.close();
    });
  }

  #watchSharing(): void {
    this.once(headForbidden, () => this.#sharing.headForbidden());
    this.on('ready', () => this.#sharing.succeeded());
    this.on('reconcile', ({ outcome, position }) => {
      if (outcome === 'rebased') this.#sharing.rebased(position);
    });
    this.on('commit', ({ position }) => {
      this.#sharing.succeeded();
      this.#sharing.committed(position);
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
