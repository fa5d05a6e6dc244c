import type { RequestOptions } from '../append/append-client.js';
import type { RetryOptions } from '../append/retry-policy.js';
import type { OssClientOptions } from '../oss/client-options.js';
import { requestOptionNames } from '../oss/request-options.js';
import type { Interval } from '../rollover/calendar.js';
import type { PollIntervals } from './follow/poll-schedule.js';
import type { ReadClient } from './read-requests.js';

/** How a stream waits for what is appended. Durations are milliseconds. */
export interface FollowOptions extends Partial<PollIntervals> {
  /**
   * Milliseconds from one HEAD to the next while the object grows. It doubles whenever there is nothing
   * new.
   *
   * @default 1000, or `maxPollInterval` if that is less
   */
  readonly pollInterval?: number;

  /**
   * Maximum milliseconds from one HEAD to the next.
   *
   * @default 10_000, or `pollInterval` if that is more
   */
  readonly maxPollInterval?: number;
}

/** When the writer goes on to the next object: its own options. */
export interface FollowedRolloverOptions {
  /** A calendar period that the template of the key shows. */
  readonly interval?: Exclude<Interval, number> | undefined;

  /**
   * IANA time zone of `interval` and of the date fields of the key.
   *
   * @default 'UTC'
   */
  readonly timeZone?: string | undefined;

  /** Accepted so that writer and reader can share an object; it means nothing to a reader. */
  readonly maxSize?: number | undefined;
}

/** Where to go on to read: `key` and `position` of a stream that read before. */
export interface ReadPosition {
  readonly key: string;

  /** Position of the first byte. */
  readonly position: number;
}

/** Options of {@link AppendReadable}. Sizes are bytes, durations are milliseconds. */
export interface AppendReadableOptions
  extends Omit<OssClientOptions, 'bucket'>,
    Pick<RequestOptions, 'requestPayer' | 'trafficLimit'> {
  /** Bucket of the object; required without `client`. */
  readonly bucket?: string | undefined;

  /**
   * Object key. With `rollover` the template of the writer, without `{hostname}`, `{pid}` and `{id}`,
   * whose values a reader does not know, and without dates that come again, such as `{HH}` alone.
   */
  readonly key: string;

  /** Store to read from, instead of the options of {@link OssClient}. The stream leaves it open. */
  readonly client?: ReadClient | undefined;

  /**
   * Position of the first byte. With `rollover` it is one in the last object that exists, unless it is
   * 0: that is the first object of the present date. To go on where another stream stopped, give its
   * `key` and its `position`.
   *
   * @default 0, and with `rollover` the beginning of the last object
   */
  readonly start?: number | ReadPosition | undefined;

  /** Position after the last byte. Not with `rollover`. @default the end of the object */
  readonly end?: number | undefined;

  /**
   * Whether to wait for what is appended. The stream then ends when the object is sealed, and waits
   * for one that does not exist yet. It asks the store with one HEAD for each poll, and not while
   * nobody reads.
   *
   * @default false
   */
  readonly follow?: FollowOptions | boolean | undefined;

  /**
   * Whether `key` is a template of objects that are read one after the other. In order, and each byte
   * once, if one writer appends to them, or if writers seal an object before they go on. With several
   * writers that do not, see `lag`.
   *
   * @default false
   */
  readonly rollover?: FollowedRolloverOptions | boolean | undefined;

  /**
   * Milliseconds for which an object that was left, and the next of its period, are still asked for:
   * several writers do not go on at the same time. What comes late is passed on behind what was read of
   * later objects. 0 if there is one writer.
   *
   * @default 60_000
   */
  readonly lag?: number | undefined;

  /**
   * When a failed request is retried, with p-retry's names and meanings. The budget is renewed whenever
   * an answer or bytes arrive.
   *
   * @default { retries: 10, minTimeout: 200, maxTimeout: 20_000, factor: 2, randomize: true, unref: false }
   */
  readonly retry?: RetryOptions | undefined;

  /** Milliseconds one request may take until its answer begins, and then each pause within its body. @default 60_000 */
  readonly requestTimeout?: number | undefined;

  /** Aborting destroys the stream. */
  readonly signal?: AbortSignal | undefined;

  /** Bytes that are read ahead. @default 65_536 (64 KiB) */
  readonly highWaterMark?: number | undefined;

  /** Decodes the bytes to strings. @default none */
  readonly encoding?: BufferEncoding | undefined;

  /** Whether `'close'` is emitted. @default true */
  readonly emitClose?: boolean | undefined;

  /** Whether the stream destroys itself after `'end'`; a failure destroys it in any case. @default true */
  readonly autoDestroy?: boolean | undefined;

  /** Whether a rejection in a listener destroys the stream, as in Node's EventEmitter. @default false */
  readonly captureRejections?: boolean | undefined;
}

/** Every option of {@link AppendReadableOptions}; the compiler checks that none is missing. */
const names = {
  ...requestOptionNames,
  key: true,
  start: true,
  end: true,
  follow: true,
  rollover: true,
  lag: true,
  signal: true,
  highWaterMark: true,
  encoding: true,
  emitClose: true,
  autoDestroy: true,
  captureRejections: true,
} satisfies Record<keyof AppendReadableOptions, true>;

export const readOptionNames: readonly string[] = Object.keys(names);
