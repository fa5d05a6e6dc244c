import { resolve } from 'node:path';
import type { RetryOptions } from '../append/retry-policy.js';
import {
  assertNumber,
  assertOptionalBoolean,
  isRecord,
  longestTimer,
  typeError,
} from '../assertions.js';
import { warnOfMisspelt } from '../option-warnings.js';
import {
  type CredentialsModule,
  loadedCredentials,
} from '../oss/credentials/credentials-module.js';
import { assertFallback } from '../recovery/saved-file.js';
import { appendOptionNames } from '../stream/option-names.js';
import type { AppendWritableOptions } from '../stream/options.js';
import { sharingDefaults } from './log-defaults.js';
import {
  type OverflowOptions,
  type ResolvedOverflow,
  resolveOverflow,
} from './overflow-options.js';

/** Options of a stream that a logger writes to. Sizes are bytes, durations are milliseconds. */
export interface LogWritableOptions extends Omit<AppendWritableOptions, 'credentials'> {
  /**
   * As for `AppendWritable`, or the module that exports a provider: a function cannot be passed to
   * a worker.
   */
  readonly credentials?: AppendWritableOptions['credentials'] | CredentialsModule | undefined;

  /**
   * As for `AppendWritable`, but `retries` is unlimited by default: no outage ends the log, and
   * `overflow` bounds the memory meanwhile.
   *
   * @default { retries: Infinity, minTimeout: 200, maxTimeout: 20_000, factor: 2, randomize: true }
   */
  readonly retry?: RetryOptions | undefined;

  /**
   * As for `AppendWritable`. With `false`, `conflict` is `'fail'` by default.
   *
   * @default '\n'
   */
  readonly recordDelimiter?: AppendWritableOptions['recordDelimiter'];

  /**
   * As for `AppendWritable`, so `key` is a template: braces are doubled to be literal, or `rollover`
   * is `false`.
   *
   * @default true, with `position` false
   */
  readonly rollover?: AppendWritableOptions['rollover'];

  /**
   * As for `AppendWritable`, but processes share an object by default. A record longer than
   * `highWaterMark` is then dropped.
   *
   * @default 'rebase'; 'fail' with `position` or without `recordDelimiter`; with `flags: 'ax'` 'rollover', or 'fail' without `rollover`
   */
  readonly conflict?: AppendWritableOptions['conflict'];

  /** What happens to lines that are written faster than they can be appended. */
  readonly overflow?: OverflowOptions | undefined;

  /**
   * Milliseconds after `end()` until the stream gives up: it saves the uncommitted bytes in a file
   * and is destroyed. pino silently kills a worker after ten seconds. `Infinity` for no limit.
   *
   * @default 8000
   */
  readonly shutdownTimeout?: number | undefined;

  /**
   * New file for the bytes that could not be committed, whatever ended the stream; a number is
   * appended to its name if the file exists. By default the working folder is tried, then the
   * folders for temporary files. `false` saves nothing.
   */
  readonly fallback?: string | false | undefined;
}

export interface ResolvedLogOptions {
  readonly stream: AppendWritableOptions;
  readonly overflow: ResolvedOverflow;
  readonly shutdownTimeout: number;
  readonly fallback: string | false | undefined;
}

/** Options of a log other than those of the stream, including pino's and winston's. */
const logOptionNames = [
  'overflow',
  'shutdownTimeout',
  'fallback',
  'events',
  'eol',
  'format',
  'level',
  'silent',
  'handleExceptions',
  'handleRejections',
];

/**
 * Separates the log's options from the stream's, fills in defaults and checks them. The stream
 * checks its own.
 *
 * @param act What the caller was asked to do, for messages.
 * @throws {TypeError} If one is of the wrong type or shape.
 * @throws {RangeError} If one is out of range.
 */
export function resolveLogOptions(options: LogWritableOptions, act: string): ResolvedLogOptions {
  if (typeof options !== 'object' || options === null) {
    throw typeError(act, 'options', 'an object', options);
  }
  warnOfMisspelt(options, [...appendOptionNames, ...logOptionNames]);
  const { overflow, shutdownTimeout = 8000, fallback, credentials, ...rest } = options;
  if (shutdownTimeout !== Number.POSITIVE_INFINITY) {
    assertNumber(act, 'shutdownTimeout', shutdownTimeout, 0, longestTimer);
  }
  if (fallback !== undefined && fallback !== false) {
    if (typeof fallback !== 'string')
      throw typeError(act, 'fallback', 'a string or false', fallback);
    assertFallback(fallback);
  }
  assertOptionalBoolean(act, 'emitClose', rest.emitClose);
  assertOptionalBoolean(act, 'autoDestroy', rest.autoDestroy);
  const resolved = resolveOverflow(overflow, rest, act);
  return {
    // Loggers wait for 'close', and so does LogWritable.
    stream: {
      ...rest,
      ...sharingDefaults(rest),
      credentials: loadedCredentials(credentials, act),
      retry: retryOf(rest.retry, shutdownTimeout),
      highWaterMark: resolved.highWaterMark,
      emitClose: true,
      autoDestroy: true,
    },
    overflow: resolved,
    shutdownTimeout,
    // Resolved now: the working folder may have changed when the file is written.
    fallback: typeof fallback === 'string' ? resolve(fallback) : fallback,
  };
}

/** Adds defaults; the stream checks the values. */
function retryOf(retry: RetryOptions | undefined, shutdownTimeout: number) {
  if (retry !== undefined && !isRecord(retry)) return retry;
  return {
    ...retry,
    retries: retry?.retries === undefined ? Number.POSITIVE_INFINITY : retry.retries,
    // Retries need not keep an idle process alive: `NaturalEnd` ends the log, in limited time.
    unref: retry?.unref === undefined ? shutdownTimeout !== Number.POSITIVE_INFINITY : retry.unref,
  };
}
