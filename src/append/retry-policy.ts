import type { Options } from 'p-retry';
import { isError } from '../is-error.js';
import { isProgrammingError, ProgrammingError } from '../programming-error.js';
import { nextTurn, nodeTimers } from '../timers/node-timers.js';
import type { AppendFailure, AppendOutcome } from './append-client.js';

/** When a failed request is retried; names and meanings as in p-retry. */
export type RetryOptions = Pick<
  Options,
  'retries' | 'factor' | 'minTimeout' | 'maxTimeout' | 'maxRetryTime' | 'randomize' | 'unref'
>;

/** Describes an attempt that failed and that another will follow. */
export interface RetryNotice {
  readonly error: Error;

  /** The attempt that failed; the first is 1. */
  readonly attemptNumber: number;

  readonly retriesLeft: number;
}

/** What a failure means for the bytes of its request. */
export interface Verdict {
  readonly outcome: AppendOutcome;

  /** With `unknown`: whether the store itself answered, so that the request cannot land later. */
  readonly answered: boolean;

  /** With `conflict`: length of the object in bytes, if the answer gave it. */
  readonly actualLength: number | undefined;

  readonly error: Error;
}

const outcomes: readonly unknown[] = [
  'rejected',
  'unknown',
  'conflict',
  'forbidden',
  'fatal',
] satisfies AppendOutcome[];

/** Reads the fields of a client's error; missing ones mean the worst: unknown and unanswered. */
export function judge(thrown: unknown): Verdict {
  const error = isError(thrown)
    ? thrown
    : new Error(`The client threw a value of type ${typeof thrown} instead of an Error`);
  const { outcome, answered, actualLength } = error as Partial<AppendFailure>;
  const hasOutcome = outcomes.includes(outcome);
  // The bug may have struck after the request was sent: whether it landed is unknown.
  if (!hasOutcome && isProgrammingError(error)) {
    const message = `The client threw a ${error.name}: ${error.message}`;
    const mistake = new ProgrammingError(message, { cause: error });
    return { outcome: 'unknown', answered: false, actualLength: undefined, error: mistake };
  }
  return {
    outcome: hasOutcome ? (outcome as AppendOutcome) : 'unknown',
    answered: outcome === 'unknown' && answered === true,
    actualLength: isLength(actualLength) ? actualLength : undefined,
    error,
  };
}

/**
 * One attempt failed, and another may follow unless that is pointless. p-retry gets only errors of
 * this class to retry, because it never retries a TypeError, even one of a custom client.
 */
export class FailedAttempt extends Error {
  override readonly name = 'FailedAttempt';
  override readonly cause: Error;
  readonly isPointless: boolean;

  constructor(cause: Error, outcome: AppendOutcome = 'unknown') {
    super(cause.message);
    this.cause = cause;
    this.isPointless =
      outcome === 'fatal' || outcome === 'forbidden' || cause instanceof ProgrammingError;
  }
}

/**
 * p-retry's options for attempts that throw {@link FailedAttempt} if another may follow.
 *
 * p-retry counts the attempts. Its pauses are reimplemented, because it uses the global timers, and
 * with a `minTimeout` of 0 does not yield to the event loop: a client that fails without any I/O
 * would block the process.
 */
export function retryOptions(
  retry: RetryOptions,
  signal: AbortSignal,
  onRetry: (notice: RetryNotice) => void,
): Options {
  const { retries = 10, maxRetryTime = Number.POSITIVE_INFINITY } = retry;
  const endsAt = nodeTimers.now() + maxRetryTime;
  return {
    retries,
    minTimeout: 0,
    signal,
    // Not `onFailedAttempt`, which runs after the last attempt too, when no retry follows.
    shouldRetry: async ({ error, attemptNumber, retriesLeft }) => {
      if (!(error instanceof FailedAttempt) || error.isPointless) return false;
      const remaining = endsAt - nodeTimers.now();
      if (remaining <= 0) return false;
      onRetry({ error: error.cause, attemptNumber, retriesLeft });
      const delay = Math.min(pauseAfter(attemptNumber, retry), remaining);
      await pause(delay, { signal, unref: retry.unref === true });
      return true;
    },
  };
}

/** Milliseconds from an attempt to the next, as p-retry computes them. */
export function pauseAfter(
  attemptNumber: number,
  { minTimeout = 0, maxTimeout = Number.POSITIVE_INFINITY, factor = 2, randomize }: RetryOptions,
): number {
  const random = randomize ? 1 + Math.random() : 1;
  const growth = (factor > 0 ? factor : 1) ** (attemptNumber - 1);
  return Math.min(Math.round(random * minTimeout * growth), maxTimeout);
}

interface PauseOptions {
  readonly signal: AbortSignal;

  /** Whether the process may exit during the pause. */
  readonly unref: boolean;
}

/** Resolves after so many milliseconds, but not before the next turn of the event loop. */
export async function pause(milliseconds: number, { signal, unref }: PauseOptions): Promise<void> {
  if (milliseconds < 1) return nextTurn();
  await new Promise<void>((resolve) => {
    const end = () => {
      signal.removeEventListener('abort', end);
      nodeTimers.clearTimeout(timer);
      resolve();
    };
    const timer = nodeTimers.setTimeout(end, milliseconds);
    if (unref) timer.unref();
    // No rejection on abort: p-retry checks the signal next.
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
  });
}

/** Whether `value` can be the length of an object. */
export function isLength(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
