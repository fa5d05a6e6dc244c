import { finished } from 'node:stream';
import TransportStream from 'winston-transport';
import { assertOptionalBoolean, isRecord, rangeError, typeError } from './assertions.js';
import type { Callback } from './callback.js';
import type { LogWritableOptions } from './logging/log-options.js';
import { LogWritable } from './logging/log-writable.js';
import type { OverflowOptions } from './logging/overflow-options.js';
import { nodeTimers } from './timers/node-timers.js';

export type { LogWritableOptions } from './logging/log-options.js';
export type { LogStatistics, LogWritable } from './logging/log-writable.js';
export type { OverflowOptions } from './logging/overflow-options.js';
export type { CredentialsModule } from './oss/credentials/credentials-module.js';
export type { DropEvent } from './stream/events.js';

const act = 'create AppendTransport';

type TransportOptions = Pick<
  TransportStream.TransportStreamOptions,
  'format' | 'level' | 'silent' | 'handleExceptions' | 'handleRejections'
>;

/** Options of {@link AppendTransport}: those of winston, and those of the underlying stream. */
export interface AppendTransportOptions
  extends TransportOptions,
    Omit<LogWritableOptions, 'overflow'> {
  /** Terminator of each line; it must end with a line feed. @default '\n' */
  readonly eol?: string | undefined;

  /**
   * As for `AppendWritable`. With `false`, `conflict` is `'fail'` by default.
   *
   * @default eol
   */
  readonly recordDelimiter?: LogWritableOptions['recordDelimiter'];

  /** What to do with lines that arrive faster than they can be appended; not `'block'`. */
  readonly overflow?:
    | (Omit<OverflowOptions, 'policy'> & {
        readonly policy?: Exclude<OverflowOptions['policy'], 'block'>;
      })
    | undefined;
}

/** A log entry of winston. */
interface LogInfo {
  readonly message?: unknown;

  /** Whether it reports an uncaught exception. */
  readonly exception?: unknown;

  /** Whether it reports an unhandled rejection. */
  readonly rejection?: unknown;
}

const levelKey = Symbol.for('level');
const messageKey = Symbol.for('message');

/** Loggers that may share a transport; more are probably a leak, such as a logger per request. */
const maxLoggers = 1000;

const defaultMarker = '{"level":"warn","message":"dropped {lines} ({size})"}';

/**
 * winston transport that appends to an object of Alibaba Cloud OSS.
 *
 * `write()` accepts every line at once and never returns `false`, because winston would lose lines;
 * `overflow` bounds the lines that wait. `'logged'` and `'finish'` are emitted when OSS has
 * confirmed the lines, `'error'` once, when the stream gives up: then no `'finish'` follows, the
 * uncommitted lines are in the `fallback` file, and later lines are dropped. `'close'` comes last
 * either way, after `end()`.
 *
 * Emits `'ready'`, `'commit'`, `'retry'`, `'reconcile'`, `'seal'`, `'rollover'` and `'drop'` as the
 * stream does.
 *
 * @example
 * ```ts
 * const transport = new AppendTransport({ region: 'cn-hangzhou', bucket: 'logs', key: 'app.log' });
 * const logger = winston.createLogger({ transports: [transport] });
 * ```
 */
export class AppendTransport extends TransportStream {
  /** The stream that appends, with its `position`, `stats` and `flush()`. */
  readonly stream: LogWritable;
  readonly #eol: string;
  #isFailing = false;
  #isEnded = false;

  /** Levels and logger; winston sets them when the transport is added. */
  declare levels?: Record<string, number>;
  declare parent?: { readonly level?: string } | null;

  /**
   * @throws {TypeError} If an option is of the wrong type or shape.
   * @throws {RangeError} If an option is out of range.
   */
  constructor(options: AppendTransportOptions) {
    if (typeof options !== 'object' || options === null) {
      throw typeError(act, 'options', 'an object', options);
    }
    const { format, level, silent, handleExceptions, handleRejections, eol = '\n' } = options;
    for (const name of ['silent', 'handleExceptions', 'handleRejections'] as const) {
      assertOptionalBoolean(act, name, options[name]);
    }
    if (format !== undefined && typeof format?.transform !== 'function') {
      throw typeError(act, 'format', 'a format of winston', format);
    }
    if (level !== undefined && typeof level !== 'string') {
      throw typeError(act, 'level', 'a string', level);
    }
    if (typeof eol !== 'string') throw typeError(act, 'eol', 'a string', eol);
    if (!eol.endsWith('\n')) throw rangeError(act, 'eol', "a string that ends with '\\n'", eol);
    const stream = openStream(options);
    super({
      format,
      level,
      silent,
      handleExceptions,
      handleRejections,
      // winston drops lines that still wait in the logger when it ends. (It refuses Infinity.)
      highWaterMark: Number.MAX_SAFE_INTEGER,
    } as TransportStream.TransportStreamOptions);
    // Each logger with this transport adds listeners to it.
    this.setMaxListeners(maxLoggers);
    this.stream = stream;
    this.#eol = eol;
    this.#passOn();
  }

  /** Accepts a line; `callback` runs at once, `'logged'` is emitted when it has been committed. */
  override log(info: LogInfo, callback?: () => void): boolean {
    const text = Reflect.get(info, messageKey) ?? info.message;
    const line = `${text}${this.#eol}`;
    if (this.listenerCount('logged') === 0) {
      this.stream.write(line);
    } else {
      this.stream.write(line, (error) => {
        if (!error) this.emit('logged', info);
      });
    }
    // After an uncaught exception winston waits at most three seconds before it exits.
    if (info.exception === true || info.rejection === true) void this.stream.flush(() => {});
    callback?.();
    return true;
  }

  /** Ends the transport; winston calls it when the transport is removed or the logger closed. */
  override close(): void {
    // On 'error' the logger unpipes the transport, which calls this, and adds it back.
    if (!this.#isEnded && !this.#isFailing) this.end();
  }

  override write(info: unknown, callback?: Callback): boolean;
  override write(info: unknown, encoding?: BufferEncoding, callback?: Callback): boolean;
  override write(
    info: unknown,
    encoding?: BufferEncoding | Callback,
    callback?: Callback,
  ): boolean {
    if (!this.#isEnded) return super.write(info, encoding as BufferEncoding, callback);
    // Loggers write late, such as one that shares the transport. The base class would fail.
    const done = typeof encoding === 'function' ? encoding : callback;
    if (done !== undefined) nodeTimers.nextTick(done);
    this.#take(info as LogInfo);
    return true;
  }

  override end(callback?: () => void): this;
  override end(info: unknown, callback?: () => void): this;
  override end(info: unknown, encoding?: BufferEncoding, callback?: () => void): this;
  override end(info?: unknown, encoding?: unknown, callback?: unknown): this {
    const [last, done] =
      typeof info === 'function'
        ? [undefined, info]
        : [info, typeof encoding === 'function' ? encoding : callback];
    if (last !== undefined && last !== null) this.write(last);
    this.#isEnded = true;
    return super.end(done as () => void);
  }

  override _write(info: LogInfo | false, _encoding: string, callback: Callback): void {
    try {
      this.#take(info);
    } finally {
      callback();
    }
  }

  override _writev(
    chunks: readonly { readonly chunk: LogInfo | false }[],
    callback: Callback,
  ): void {
    let failure: { readonly reason: unknown } | undefined;
    for (const { chunk } of chunks) {
      try {
        this.#take(chunk);
      } catch (reason) {
        failure ??= { reason };
      }
    }
    callback();
    if (failure === undefined) return;
    // A format threw. No caller is on the stack, and a throw from here would break the stream.
    const { reason } = failure;
    nodeTimers.nextTick(() => {
      throw reason;
    });
  }

  override _final(callback: Callback): void {
    finished(this.stream, (error) => {
      // No 'finish', since the stream failed; its 'error' was forwarded.
      if (error) this.destroy();
      else callback();
    });
    this.stream.end();
  }

  override _destroy(error: Error | null, callback: Callback): void {
    if (this.stream.closed) {
      callback(error);
      return;
    }
    this.stream.once('close', () => callback(error));
    this.stream.destroy();
  }

  #passOn(): void {
    const names = ['ready', 'commit', 'retry', 'reconcile', 'seal', 'rollover', 'drop'] as const;
    for (const name of names) {
      this.stream.on(name, (payload: object) => this.emit(name, payload));
    }
    this.stream.on('error', (error) => {
      this.#isFailing = true;
      try {
        this.emit('error', error);
      } finally {
        this.#isFailing = false;
      }
    });
    this.once('finish', () => this.destroy());
  }

  /** Filters, formats and logs as the base class, whose `_writev()` does not wait for its lines. */
  #take(info: LogInfo | false): void {
    // winston passes on the falsy result of a format that filters an entry out.
    if (!info) return;
    if (this.silent || (info.exception === true && !this.handleExceptions)) return;
    if (!this.#isWanted(info)) return;
    const { format } = this;
    const formatted = format ? format.transform({ ...info } as never, optionsOf(format)) : info;
    if (formatted) this.log(formatted as LogInfo);
  }

  #isWanted(info: LogInfo): boolean {
    const least = this.level || this.parent?.level;
    if (!least || this.levels === undefined) return true;
    const own = this.levels[Reflect.get(info, levelKey)];
    return Number(this.levels[least]) >= Number(own);
  }
}

function optionsOf(format: object): never {
  return Reflect.get(format, 'options') as never;
}

function openStream(options: AppendTransportOptions): LogWritable {
  const { overflow } = options;
  if ((overflow as OverflowOptions | undefined)?.policy === 'block') {
    throw typeError(
      act,
      'overflow.policy',
      "'drop-oldest' or 'drop-newest', as winston does not wait",
      'block',
    );
  }
  const { eol = '\n', recordDelimiter = eol } = options;
  // Anything else is refused by the log.
  const isPlain = overflow === undefined || isRecord(overflow);
  const marked = isPlain ? { marker: defaultMarker, ...overflow } : overflow;
  return new LogWritable({ ...options, recordDelimiter, overflow: marked }, act);
}
