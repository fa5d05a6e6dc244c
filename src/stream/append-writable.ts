import { addAbortSignal, finished, Writable } from 'node:stream';
import { type InspectOptions, inspect, promisify } from 'node:util';
import type { AppendClient } from '../append/append-client.js';
import { Appender } from '../append/appender.js';
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

/** Where appended bytes lie: in the object `key`, from `start` up to, and without, `end`. */
export interface AppendResult extends Place {}

/** What Node counts for its own queue, a write that has not been called back included. */
const queuedLength = Object.getOwnPropertyDescriptor(Writable.prototype, 'writableLength')?.get as (
  this: Writable,
) => number;

/**
 * Appends any stream to an appendable object of Alibaba Cloud OSS: in order, with backpressure, and
 * with every byte in the object exactly once.
 *
 * Whatever reports success (write callbacks, `flush()`, `end()`, `'finish'`, `pipeline()`) does so
 * when OSS has confirmed the bytes. The object is opened at once; writes are accepted meanwhile.
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

  /** The client, where it was made for this stream alone. */
  readonly #ownClient: AppendClient | undefined;

  #defaultEncoding: BufferEncoding;

  #uncommitted: UncommittedBytes | undefined;

  /** Why the stream was destroyed before it had finished. */
  #cutShort: Error | null = null;

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
   * @param act What the caller was asked to do, for messages.
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
    // Last, because a signal that has fired already destroys the stream at once.
    if (signal !== undefined) addAbortSignal(signal, this);
  }

  /** Key of the object. */
  get key(): string {
    return this.#appender.key;
  }

  /** Position of the next append, as confirmed by OSS; `undefined` before `'ready'`. */
  get position(): number | undefined {
    return this.#appender.position;
  }

  /**
   * CRC-64/XZ of the whole object up to `position`, as confirmed by OSS; `undefined` before `'ready'`
   * and where OSS has not told one.
   */
  get crc64(): bigint | undefined {
    return this.#appender.crc64;
  }

  /** Bytes that this stream has committed. */
  get bytesWritten(): number {
    return this.#buffer.bytesCommitted;
  }

  /**
   * Why the stream ended before everything was committed; `null` as long as it did not.
   *
   * Node counts what is in our memory as written, and so would take a stream that was ended and then
   * destroyed for finished. `finished()` and `pipeline()` ask here before they say so: after a plain
   * `destroy()` they say `ERR_STREAM_PREMATURE_CLOSE`, as of every Writable.
   */
  get writableErrored(): Error | null {
    return this.#cutShort;
  }

  /** Snapshot of what the stream has done so far. */
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
    // Not through `write()` again: a subclass would see the same write twice.
    if (typeof encoding === 'function') return this.#write(data, undefined, withoutPlace(encoding));
    if (typeof callback !== 'function') return this.#write(data, encoding);
    return this.#write(data, encoding, withoutPlace(callback));
  }

  /**
   * Writes `data` and resolves when it has been committed, with the place it has in the object. It
   * forces nothing to leave: `flushInterval` applies.
   *
   * @throws {AppendError} If the stream failed; `ERR_STREAM_DESTROYED` after a plain `destroy()`.
   */
  append(data: string | Uint8Array, encoding?: BufferEncoding): Promise<AppendResult> {
    return new Promise((resolve, reject) => {
      if (this.destroyed && !this.writableFinished) throw this.errored ?? destroyedError('append');
      this.#write(data, encoding, (error, place) => {
        if (place === undefined) reject(error);
        else resolve(place);
      });
    });
  }

  /**
   * Commits everything written before the call, Node's queue and corked writes included, and keeps
   * the stream open. After `end()` it waits for `'finish'`.
   *
   * While the stream is corked again, Node holds back what has found no room, and so the flush.
   *
   * @param callback Told as well; the promise then never rejects unhandled.
   * @returns A promise that resolves when the last of those bytes has been committed; at once when
   *   there are none.
   * @throws {AppendError} If the stream failed; `ERR_STREAM_DESTROYED` after a plain `destroy()`.
   * @throws {TypeError} At once, if `callback` is no function.
   */
  flush(callback?: Callback): Promise<void> {
    if (callback !== undefined && typeof callback !== 'function') {
      throw new TypeError(`Cannot flush as the callback must be a function: it is ${callback}`);
    }
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
   * Hands back, once, what is not known to be committed after the stream failed or was destroyed;
   * `undefined` before that, and when nothing is left.
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

  /** Shows where the stream stands, and nothing that was written to it. */
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
    // Node's own passes the data on without calling `write()`.
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
    if (!this.writableFinished) this.#cutShort = error ?? prematureCloseError();
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

  #write(data: unknown, encoding?: BufferEncoding, acknowledge?: Acknowledge): boolean {
    assertEncoding(data, encoding);
    // Node refuses the write, and tells the callback so.
    if (this.writableEnded || this.destroyed) {
      return super.write(data, encoding as BufferEncoding, acknowledge as Callback | undefined);
    }
    if (acknowledge === undefined && this.#writeAtOnce(data, encoding)) return true;
    this.#buffer.announce(acknowledge);
    try {
      return super.write(data, encoding as BufferEncoding);
    } catch (error) {
      this.#buffer.withdraw(acknowledge);
      throw error;
    }
  }

  /**
   * Writes past Node's queue, where that is empty and would stay so: its bookkeeping costs as much
   * as the copy.
   *
   * @returns Whether it did. If not, nothing has happened.
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

/** How Node passes data on, unless somebody has put another way in its place. */
const { _write: ownWrite } = AppendWritable.prototype;

/** A write callback is told of an error, and not where its bytes lie. */
function withoutPlace(callback: Callback): Acknowledge {
  return (error) => callback(error);
}

/** Node lets this one pass, because a stream that does not decode strings might know it. */
function assertEncoding(data: unknown, encoding: unknown): void {
  if (typeof data === 'string' && encoding === 'buffer') throw unknownEncodingError(encoding);
}

/** What Node has taken and not passed on. */
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
