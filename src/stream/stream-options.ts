import type { AppendClient, ObjectCreation } from '../append/append-client.js';
import type { RetryOptions } from '../append/retry-policy.js';
import type { OssClientOptions } from '../oss/client-options.js';
import type { Interval } from '../rollover/calendar.js';
import type { KeyFields } from '../rollover/key-template.js';

/** When a stream goes on to the next object. */
export interface RolloverOptions {
  /**
   * Maximum bytes of an object, `chunkSize` to 5 GiB. An object ends before the record (without
   * `recordDelimiter`: the write) that would make it longer; a single longer one gets an object of its
   * own. But a record longer than `chunkSize` is completed in the object that has its beginning, unless
   * `conflict` is `'rebase'`. What was accepted before `'ready'`, at most `highWaterMark`, may come on
   * top.
   *
   * @default 5_368_709_120 (5 GiB) less `highWaterMark`
   */
  readonly maxSize?: number | undefined;

  /**
   * A new object for each hour, day or month of the calendar, or for each multiple of so many
   * milliseconds since 1970. What counts is when a record is accepted. Where nothing is written,
   * nothing happens. The template of the key must show the hour, day or month.
   */
  readonly interval?: Interval | undefined;

  /**
   * IANA time zone of `interval` and of the date fields of the key, such as `'Asia/Shanghai'`.
   *
   * @default 'UTC'
   */
  readonly timeZone?: string | undefined;
}

/** Options of {@link AppendWritable}. Sizes are bytes, durations are milliseconds. */
export interface AppendWritableOptions extends Omit<OssClientOptions, 'bucket'>, ObjectCreation {
  /** Bucket of the object; required without `client`. */
  readonly bucket?: string | undefined;

  /**
   * Object key: 1 to 1023 bytes of UTF-8. Created as an appendable object when it does not exist.
   *
   * With `rollover` a template with the fields `{yyyy}`, `{MM}`, `{dd}`, `{HH}`, `{hostname}`, `{pid}`,
   * `{id}` (eight random hex digits per stream) and `{seq}` (six digits from `000000`); braces are
   * doubled to be literal. Each date that the key shows counts its objects from 0. Without `{seq}`
   * further ones are named `app.1.log`, `app.2.log`. Or a function, which must give each `sequence` a
   * key of its own; it counts all objects of the stream.
   */
  readonly key: string | ((fields: KeyFields) => string);

  /**
   * When to go on to the next object. `true` does so when an object is full, sealed or not appendable.
   * A stream that starts again continues the last object of the present date, as far as the key shows
   * it. Not with `position`.
   *
   * @default false
   */
  readonly rollover?: RolloverOptions | boolean | undefined;

  /**
   * What happens when another writer has appended to the object: `'fail'` ends the stream with
   * {@link DivergedError}. `'rollover'` goes on with the next object; a stream that has committed
   * nothing to the object yet does so with `'fail'` too, if it has `rollover`, so that processes that
   * start together get an object each. `'rebase'` appends behind the other writer's bytes: several
   * writers share the object, each record whole, once, and in its writer's order. It needs
   * `recordDelimiter`. Not with `position`, except `'fail'`.
   *
   * @default 'fail'
   */
  readonly conflict?: 'fail' | 'rebase' | 'rollover' | undefined;

  /** Store to append to, instead of the options of {@link OssClient}. The stream leaves it open. */
  readonly client?: AppendClient | undefined;

  /**
   * As in `fs.open`: `'a'` appends or creates, `'ax'` fails if the object exists; with `rollover` it
   * takes the next object that does not.
   *
   * @default 'a'
   */
  readonly flags?: 'a' | 'ax' | undefined;

  /** Required length of the object at the start: lets a replayable source resume exactly once. */
  readonly position?: number | undefined;

  /**
   * Maximum bytes in one append, 1 byte to 1 GiB. A larger write is split.
   *
   * @default 4_194_304 (4 MiB)
   */
  readonly chunkSize?: number | undefined;

  /**
   * Maximum milliseconds the oldest accepted byte waits before it is sent in a smaller chunk. `0`
   * sends accepted bytes as soon as nothing is in flight, `Infinity` waits for a full chunk,
   * `flush()` or `end()`.
   *
   * @default 1000
   */
  readonly flushInterval?: number | undefined;

  /**
   * What ends a record: 1 to 1024 bytes, a string in UTF-8. Each append then ends with whole records,
   * so that a reader sees no half line. Not so where a record is longer than `chunkSize`, or where
   * `flush()` or `end()` comes in the middle of one: they commit everything. An unfinished record
   * waits longer than `flushInterval`. No bytes are added.
   *
   * @default false
   */
  readonly recordDelimiter?: string | Uint8Array | false | undefined;

  /**
   * Maximum bytes accepted and not committed, if the producer waits for `'drain'` when `write()`
   * returns `false`; at least `2 * chunkSize`. Given alone, it makes `chunkSize` the smaller of 4
   * MiB and a quarter of it.
   *
   * @default 16_777_216 (16 MiB), or `4 * chunkSize` if that is more
   */
  readonly highWaterMark?: number | undefined;

  /**
   * `'crc64'` compares OSS's CRC-64 of the object with ours after every append, `'none'` does not.
   * Reconciling uses it either way.
   *
   * @default 'crc64'
   */
  readonly verify?: 'crc64' | 'none' | undefined;

  /**
   * Whether to seal each object that the stream is through with, by rolling over or by `end()`: OSS
   * then refuses further appends for good, and readers know that it is complete. `'seal'` is emitted
   * before `'rollover'` or `'finish'`. Not an error if it fails: see `error` of the event.
   *
   * @default false
   */
  readonly seal?: boolean | undefined;

  /**
   * When a failed request is retried, with p-retry's names and meanings. The budget is per chunk:
   * it is renewed whenever bytes have been committed.
   *
   * @default { retries: 10, minTimeout: 200, maxTimeout: 20_000, factor: 2, randomize: true, unref: false }
   */
  readonly retry?: RetryOptions | undefined;

  /**
   * Milliseconds one attempt may take from its start to the end of its answer, in addition to the
   * time that its body takes at 32 KiB/s (or at `trafficLimit`, if that is slower) and the time
   * that it waits for a free connection of the client.
   *
   * @default 60_000
   */
  readonly requestTimeout?: number | undefined;

  /** Agrees that the requester pays, for buckets that require it. */
  readonly requestPayer?: 'requester' | undefined;

  /**
   * Maximum rate of a transfer in bits per second (OSS's unit), 245_760 to 838_860_800.
   *
   * @see https://www.alibabacloud.com/help/en/oss/user-guide/single-connection-bandwidth-throttling-4
   */
  readonly trafficLimit?: number | undefined;

  /** Aborting destroys the stream; uncommitted bytes are dropped. */
  readonly signal?: AbortSignal | undefined;

  /** Encoding of strings written without one. @default 'utf8' */
  readonly defaultEncoding?: BufferEncoding | undefined;

  /** Whether `'close'` is emitted. @default true */
  readonly emitClose?: boolean | undefined;

  /** Whether the stream destroys itself after `'finish'`; a failure destroys it in any case. @default true */
  readonly autoDestroy?: boolean | undefined;

  /** Whether a rejection in a listener destroys the stream, as in Node's EventEmitter. @default false */
  readonly captureRejections?: boolean | undefined;
}
