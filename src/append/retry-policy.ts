import type { Options } from 'p-retry';
import type { AppendFailure, AppendOutcome } from './append-client.js';

/** When a failed request is tried again; the names and meanings are p-retry's. */
export type RetryOptions = Pick<
  Options,
  'retries' | 'factor' | 'minTimeout' | 'maxTimeout' | 'maxRetryTime' | 'randomize'
>;

/** What is told of an attempt that failed and will be followed by another. */
export interface RetryNotice {
  readonly error: Error;

  /** The attempt that failed; the first is 1. */
  readonly attemptNumber: number;

  readonly retriesLeft: number;
}

/** What a failure means for the bytes of its request. */
export interface Verdict {
  readonly outcome: AppendOutcome;

  /** With `unknown`: whether the store itself answered, so that nothing is still under way. */
  readonly answered: boolean;

  /** With `conflict`: bytes in the object, where the answer told. */
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

/** Reads what the client says about a failed request; what it does not say is not assumed. */
export function judge(thrown: unknown): Verdict {
  const error =
    thrown instanceof Error
      ? thrown
      : new Error(`The client threw a value of type ${typeof thrown}, which is no Error`);
  const { outcome, answered, actualLength } = error as Partial<AppendFailure>;
  return {
    outcome: outcomes.includes(outcome) ? (outcome as AppendOutcome) : 'unknown',
    answered: outcome === 'unknown' && answered === true,
    actualLength: isLength(actualLength) ? actualLength : undefined,
    error,
  };
}

/**
 * One attempt failed and another may follow, unless that is pointless. The only error that p-retry
 * is given to retry: it refuses to retry a TypeError, whoever threw it.
 */
export class FailedAttempt extends Error {
  override readonly name = 'FailedAttempt';
  override readonly cause: Error;
  readonly isPointless: boolean;

  constructor(cause: Error, outcome: AppendOutcome = 'unknown') {
    super(cause.message);
    this.cause = cause;
    this.isPointless = outcome === 'fatal' || outcome === 'forbidden';
  }
}

/** p-retry's options for attempts that throw {@link FailedAttempt} when another may follow. */
export function retryOptions(
  retry: RetryOptions,
  signal: AbortSignal,
  onRetry: (notice: RetryNotice) => void,
): Options {
  return {
    ...retry,
    signal,
    // Not `onFailedAttempt`, which runs after the last attempt too, when nothing follows.
    shouldRetry: ({ error, attemptNumber, retriesLeft }) => {
      if (!(error instanceof FailedAttempt) || error.isPointless) return false;
      onRetry({ error: error.cause, attemptNumber, retriesLeft });
      return true;
    },
  };
}

/** Whether `value` can be the length of an object. */
export function isLength(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
