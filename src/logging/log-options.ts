import { resolve } from 'node:path';
import type { RetryOptions } from '../append/retry-policy.js';
import { assertNumber, longestTimer, typeError } from '../assertions.js';
import {
  type CredentialsModule,
  loadedCredentials,
} from '../oss/credentials/credentials-module.js';
import { assertFallback } from '../recovery/saved-file.js';
import { appendOptionNames, warnOfMisspelt } from '../stream/option-names.js';
import type { AppendWritableOptions } from '../stream/options.js';
import {
  type OverflowOptions,
  type ResolvedOverflow,
  resolveOverflow,
} from './overflow-options.js';

/** Options of a stream that a logger writes to. Sizes are bytes, durations are milliseconds. */
export interface LogWritableOptions extends Omit<AppendWritableOptions, 'credentials'> {
  /**
   * As for `AppendWritable`, or the module to take a provider from, for functions cannot cross into
   * a worker.
   */
  readonly credentials?: AppendWritableOptions['credentials'] | CredentialsModule | undefined;

  /**
   * As for `AppendWritable`, but without a number of `retries` an outage never ends the log, however
   * long it is: `overflow` bounds the memory meanwhile.
   *
   * @default { retries: Infinity, minTimeout: 200, maxTimeout: 20_000, factor: 2, randomize: true }
   */
  readonly retry?: RetryOptions | undefined;

  /** What happens to lines that come faster than they can be appended. */
  readonly overflow?: OverflowOptions | undefined;

  /**
   * Milliseconds from `end()` until it gives up, saves what is not committed in a file and destroys
   * the stream. pino kills a worker after ten seconds, without a word. `Infinity` for none.
   *
   * @default 8000
   */
  readonly shutdownTimeout?: number | undefined;

  /**
   * New file for what could not be committed, whatever ended the stream; a number is put behind its
   * name where that is taken. Without it the working folder and those for temporary files are
   * tried. `false` keeps nothing.
   */
  readonly fallback?: string | false | undefined;
}

export interface ResolvedLogOptions {
  readonly stream: AppendWritableOptions;
  readonly overflow: ResolvedOverflow;
  readonly shutdownTimeout: number;
  readonly fallback: string | false | undefined;
}

/** Options of a log besides those of the stream, pino's and winston's included. */
const logOptionNames = [
  ...['overflow', 'shutdownTimeout', 'fallback', 'events'],
  ...['eol', 'format', 'level', 'silent', 'handleExceptions', 'handleRejections'],
];

/**
 * Sorts, defaults and checks the options; the stream checks its own.
 *
 * @param act What was to be done, for messages.
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
  const resolved = resolveOverflow(overflow, rest, act);
  return {
    // The logger waits for 'close', and so do we.
    stream: {
      ...rest,
      credentials: loadedCredentials(credentials, act),
      retry: retryOf(rest.retry, shutdownTimeout),
      highWaterMark: resolved.highWaterMark,
      emitClose: true,
      autoDestroy: true,
    },
    overflow: resolved,
    shutdownTimeout,
    // The working folder may be another one by then.
    fallback: typeof fallback === 'string' ? resolve(fallback) : fallback,
  };
}

/** The stream checks what was given. */
function retryOf(retry: RetryOptions | undefined, shutdownTimeout: number) {
  if (retry !== undefined && (typeof retry !== 'object' || retry === null)) return retry;
  return {
    ...retry,
    retries: retry?.retries === undefined ? Number.POSITIVE_INFINITY : retry.retries,
    // A process with nothing else to do comes to its end, which takes limited time.
    unref: retry?.unref === undefined ? shutdownTimeout !== Number.POSITIVE_INFINITY : retry.unref,
  };
}
