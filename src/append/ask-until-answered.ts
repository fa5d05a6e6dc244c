import pRetry from 'p-retry';
import { RetriesExhaustedError } from '../errors.js';
import {
  FailedAttempt,
  judge,
  type RetryNotice,
  type RetryOptions,
  retryOptions,
} from './retry-policy.js';

export interface AskOptions {
  readonly key: string;

  /** Where the object is read; `undefined` while it is opened. */
  readonly position?: number | undefined;
  readonly retry: RetryOptions;
  readonly signal: AbortSignal;
  readonly onRetry: (notice: RetryNotice) => void;
}

/**
 * Asks for the object `key` until there is an answer, as often and for as long as `retry` allows.
 *
 * @throws {RetriesExhaustedError} If no request succeeded.
 * @throws The error of a request that no retry can mend.
 */
export async function askUntilAnswered<T>(
  ask: () => Promise<T>,
  { key, position, retry, signal, onRetry }: AskOptions,
): Promise<T> {
  let attempts = 0;
  try {
    return await pRetry(
      async () => {
        attempts++;
        try {
          return await ask();
        } catch (thrown) {
          signal.throwIfAborted();
          const { outcome, error } = judge(thrown);
          throw new FailedAttempt(error, outcome);
        }
      },
      retryOptions(retry, signal, onRetry),
    );
  } catch (error) {
    if (!(error instanceof FailedAttempt)) throw error;
    if (error.isPointless) throw error.cause;
    const act = position === undefined ? `open "${key}"` : `read "${key}" at position ${position}`;
    throw new RetriesExhaustedError(
      `Cannot ${act} after ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}: ${error.message}`,
      { key, position, attempts },
      { cause: error.cause },
    );
  }
}
