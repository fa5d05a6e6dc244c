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
  { key, retry, signal, onRetry }: AskOptions,
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
    throw new RetriesExhaustedError(
      `Cannot open "${key}" after ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}: ${error.message}`,
      { key, position: undefined, attempts },
      { cause: error.cause },
    );
  }
}
