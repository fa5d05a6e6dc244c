import { addAbortSignal, finished, Writable } from 'node:stream';
import { type InspectOptions, inspect, promisify } from 'node:util';
import type { AppendClient } from '../append/append-client.js';
import { Appender } from '../append/appender.js';
import { assertOptionalCallback } from '../assertions.js';
import type { Acknowledge, Place } from '../buffer/acknowledgements.js';
import { WriteBuffer } from '../buffer/write-buffer.js';
import type { Callback } from '../callback.js';
import { isAppendError } from '../errors.js';
import { OssClient } from '../oss/oss-client.js';
import { nodeTimers } from '../timers/node-timers.js';
import { EventedWritable } from './evented-writable.js';
import { destroyedError, prematureCloseError, unknownEncodingError } from './node-errors.js';
import { type AppendWritableOptions, resolveOptions } from './options.js';
import { type AppendStatistics, StreamEvents } from './stream-events.js';
import type { UncommittedBytes } from './uncommitted-bytes.js';

/** The appended bytes: of the object `key`, from `start` up to, but not including, `end`. */
export interface AppendResult extends Place {}

/** Length of Node's own queue, including a write whose callback has not run. */
const queuedLength = Object.getOwnPropertyDescriptor(Writable.prototype, 'writableLength')?.get as (
  this: Writable,
) => number;

/**
 * Appends any stream to an appendable object of Alibaba Cloud OSS: in order, with backpressure, and
 * with every byte in the object exactly once.
 *
 * Write callbacks, `flush()`, `end()`, `'finish'` and `pipeline()` report success when OSS has
 * confirmed the bytes. The constructor starts to open the object; writes are accepted meanwhile.
 *
 * @example Append a file
 * ```ts
 * const stream = new AppendWritable({ region: 'cn-hangzhou', bucket: 'logs', key: 'app.log' });
 * await pipeline(createReadStream('app.log'), stream);
 * ```
 * @see https://www.alibabacloud.com/help/en/oss/developer-reference/appendobject
 */
export class AppendWritable extends EventedWritable {
  readonly #highWaterMark: number;
  readonly #buffer: WriteBuffer;
  readonly #appender: Appender;
  readonly #events: StreamEvents;

  /** The client, if it was created for this stream alone. */
  readonly #ownClient: AppendClient | undefined;

  #defaultEncoding: BufferEncoding;

  #uncommitted: UncommittedBytes | undefined;

  /** Why the stream was destroyed before it had finished. */
  #prematureEnd: Error | null = null;

  // Node's types declare these as properties, which an accessor may not override by syntax.
  static {
    Object.defineProperties(AppendWritable.prototype, {
      writableLength: {
        configurable: true,
        get: function (this: AppendWritable): number {
          return this.#buffer.bytesUncommitted(queuedLength.call(this));
        },
      },
      writableHighWaterMark: {
        configurable: true,
        get: function (this: AppendWritable): number {
          return this.#highWaterMark;
        },
      },
    });
  }

  /**
   * @param act The action that fails, for messages.
   * @throws {TypeError} If an option is of the wrong type or shape.
   * @throws {RangeError} If an option is out of range.
   */
  constructor(options: AppendWritableOptions, act = 'create AppendWritable') {
    const { appender, buffer, client, highWaterMark, signal, writable } = resolveOptions(
      options,
      act,
    );
    super(writable);
    this.#highWaterMark = highWaterMark;
    this.#defaultEncoding = writable.defaultEncoding ?? 'utf8';
    this.#events = new StreamEvents(this);
    this.#ownClient = 'given' in client ? undefined : new OssClient(client.options, act);
    this.#buffer = new WriteBuffer(buffer);
    this.#appender = new Appender(
      this.#buffer,
      {
        ...appender,
        client: 'given' in client ? client.given : (this.#ownClient as AppendClient),
      },
      this.#events,
    );
    void this.#appender.open();
    // Last, because an aborted signal destroys the stream at once.
    if (signal !== undefined) addAbortSignal(signal, this);
  }

  /** Key of the current object. */
  get key(): string {
    return this.#appender.key;
  }

  /** Position of the next append, as confirmed by OSS; `undefined` before `'ready'`. */
  get position(): number | undefined {
    return this.#appender.position;
  }

  /**
   * CRC-64/XZ of the whole object up to `position`, as confirmed by OSS; `undefined` before
   * `'ready'` and if OSS has not returned one.
   */
  get crc64(): bigint | undefined {
    return this.#appender.crc64;
  }

  /** Bytes that this stream has committed, to all its objects. */
  get bytesWritten(): number {
    return this.#buffer.bytesCommitted;
  }

  /**
   * Why the stream ended before everything was committed; `null` otherwise.
   *
   * Node counts bytes in our memory as written, and so considers a stream finished that was ended
   * and then destroyed. `finished()` and `pipeline()` read this first: after a plain `destroy()`
   * they fail with `ERR_STREAM_PREMATURE_CLOSE`, as for every Writable.
   */
  get writableErrored(): Error | null {
    return this.#prematureEnd;
  }

  /** Snapshot of the stream's counters. */
  get stats(): AppendStatistics {
    return this.#events.snapshot(this.#buffer);
  }

  /**
   * Writes `data`, as Node's `write()` does.
   *
   * @param callback Runs when the last byte of `data` has been committed, or with the error.
   * @returns `false` when the caller should wait for `'drain'`.
   */
  override write(data: unknown, callback?: Callback): boolean;
  override write(data: unknown, encoding?: BufferEncoding, callback?: Callback): boolean;
  override write(
    data: unknown,
    encoding?: BufferEncoding | Callback,
    callback?: Callback,
  ): boolean {
    // Does not call `write()` again: a subclass would see the same write twice.
    if (typeof encoding === 'function') return this.#write(data, undefined, withoutPlace(encoding));
    if (typeof callback !== 'function') return this.#write(data, encoding);
    return this.#write(data, encoding, withoutPlace(callback));
  }

  /**
   * Writes `data`, and resolves with its place in the object when it has been committed. It does
   * not trigger a flush: `flushInterval` applies.
   *
   * @throws {AppendError} If the stream failed; `ERR_STREAM_DESTROYED` after a plain `destroy()`.
   */
  append(data: string | Uint8Array, encoding?: BufferEncoding): Promise<AppendResult> {
    return new Promise((resolve, reject) => {
      if (this.destroyed && !this.writableFinished) throw this.errored ?? destroyedError('append');
      const acknowledge: Acknowledge = (error, place) => {
        if (place === undefined) reject(error);
        else resolve(place);
      };
      this.#write(data, encoding, acknowledge, true);
    });
  }

  /**
   * Commits everything written before the call, Node's queue and corked writes included, and keeps
   * the stream open. After `end()` it waits for `'finish'`.
   *
   * If the stream is corked again, Node holds back writes that did not fit, and so delays the
   * flush.
   *
   * @param callback Called as well; the promise then never causes an unhandled rejection.
   * @returns A promise that resolves when the last of those bytes has been committed; at once if
   *   there are none.
   * @throws {AppendError} If the stream failed; `ERR_STREAM_DESTROYED` after a plain `destroy()`.
   * @throws {TypeError} Synchronously, if `callback` is not a function.
   */
  flush(callback?: Callback): Promise<void> {
    assertOptionalCallback('flush', callback);
    const flushed = new Promise<void>((resolve, reject) => {
      this.#flush((error) => {
        if (error) reject(error);
        else resolve();
        callback?.(error);
      });
    });
    if (callback !== undefined) flushed.catch(() => {});
    return flushed;
  }

  /**
   * Returns, once, the bytes not known to be committed after the stream failed or was destroyed;
   * `undefined` before that, and if there are none.
   */
  takeUncommitted(): UncommittedBytes | undefined {
    const uncommitted = this.#uncommitted;
    this.#uncommitted = undefined;
    return uncommitted;
  }

  /**
   * Ends the stream and waits until everything has been committed, so that `await using` loses
   * nothing.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.destroyed && !this.errored) return;
    if (!this.destroyed && !this.writableEnded) this.end();
    await promisify(finished)(this);
  }

  /** Shows the state of the stream, without any data that was written to it. */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    const { key, position, writableLength, destroyed, errored, stats } = this;
    const { status } = this.#appender;
    return `AppendWritable ${inspect({ key, status, position, writableLength, destroyed, errored, stats }, options)}`;
  }

  /**
   * Commits everything, then emits `'finish'`, as Node's `end()` does.
   *
   * @param callback Runs when everything has been committed, or with the error.
   */
  override end(callback?: () => void): this;
  override end(data: unknown, callback?: () => void): this;
  override end(data: unknown, encoding?: BufferEncoding, callback?: () => void): this;
  override end(...args: unknown[]): this {
    // Node's `end()` does not call `write()` for the data.
    assertEncoding(args[0], args[1]);
    return Reflect.apply(super.end, this, args);
  }

  override setDefaultEncoding(encoding: BufferEncoding): this {
    super.setDefaultEncoding(encoding);
    this.#defaultEncoding = encoding;
    return this;
  }

  override _write(data: string | Buffer, encoding: BufferEncoding, callback: Callback): void {
    this.#buffer.accept(data, encoding, callback);
  }

  override _final(callback: Callback): void {
    this.#appender.end(callback);
  }

  override _destroy(error: Error | null, callback: Callback): void {
    if (isAppendError(error)) error.bytesWritten = this.bytesWritten;
    const reason = error ?? destroyedError('write');
    if (!this.writableFinished) this.#prematureEnd = error ?? prematureCloseError();
    const { position, pieces, isConfirmed } = this.#appender.destroy(reason);
    const waiting = this.#buffer.close(error, reason);
    const bytes = Buffer.concat([...pieces, ...waiting, ...queuedBytes(this)]);
    if (bytes.byteLength > 0) {
      const doubtful = isConfirmed ? 0 : (pieces[0]?.byteLength ?? 0);
      this.#uncommitted = { key: this.key, position, bytes, confirmed: isConfirmed, doubtful };
    }
    void this.#ownClient?.close();
    callback(error);
  }

  #write(
    data: unknown,
    encoding?: BufferEncoding,
    acknowledge?: Acknowledge,
    isWhole?: boolean,
  ): boolean {
    assertEncoding(data, encoding);
    // Node refuses the write, and calls back with the error.
    if (this.writableEnded || this.destroyed) {
      return super.write(data, encoding as BufferEncoding, acknowledge as Callback | undefined);
    }
    if (acknowledge === undefined && this.#writeAtOnce(data, encoding)) return true;
    this.#buffer.announce(acknowledge, isWhole);
    try {
      return super.write(data, encoding as BufferEncoding);
    } catch (error) {
      this.#buffer.withdraw(acknowledge);
      throw error;
    }
  }

  /**
   * Bypasses Node's queue if it is empty and would stay so, because its bookkeeping costs as much
   * as the copy.
   *
   * @returns Whether it wrote the data; otherwise it did nothing.
   */
  #writeAtOnce(data: unknown, encoding = this.#defaultEncoding): boolean {
    if (typeof data !== 'string' && !(data instanceof Uint8Array)) return false;
    const isPlain =
      encoding === 'utf8' &&
      this.writableCorked === 0 &&
      queuedLength.call(this) === 0 &&
      this._write === ownWrite;
    return isPlain && this.#buffer.acceptAtOnce(data);
  }

  #flush(acknowledge: Acknowledge): void {
    while (this.writableCorked > 0) this.uncork();
    if (this.destroyed && !this.writableFinished) {
      nodeTimers.nextTick(acknowledge, this.errored ?? destroyedError('flush'));
    } else if (this.writableFinished) {
      nodeTimers.nextTick(acknowledge, null);
    } else if (this.writableEnded) {
      this.#buffer.acknowledgeEnd(acknowledge);
    } else {
      this.#buffer.flush(acknowledge);
    }
  }
}

/** To detect a subclass or a patch that overrides `_write`. */
const { _write: ownWrite } = AppendWritable.prototype;

/** Node's write callbacks get an error, but no place. */
function withoutPlace(callback: Callback): Acknowledge {
  return (error) => callback(error);
}

/** With `decodeStrings: false` Node accepts the encoding `'buffer'` for strings. */
function assertEncoding(data: unknown, encoding: unknown): void {
  if (typeof data === 'string' && encoding === 'buffer') throw unknownEncodingError(encoding);
}

/** Writes that Node has queued and not passed on. */
function queuedBytes(stream: Writable): Uint8Array[] {
  // Public since Node 11, but not in the types.
  const queue: { chunk: string | Uint8Array; encoding: BufferEncoding }[] = Reflect.get(
    stream,
    'writableBuffer',
  );
  return queue.map(({ chunk, encoding }) =>
    typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk,
  );
}
