import pRetry from 'p-retry';
import {
  FailedAttempt,
  judge,
  type RetryNotice,
  type RetryOptions,
  retryOptions,
} from '../append/retry-policy.js';

export interface RetryingOptions {
  /** @default up to three retries within one and a half seconds */
  readonly retry?: RetryOptions | undefined;

  /** Aborting ends the retries. */
  readonly signal?: AbortSignal | undefined;
  readonly onRetry?: ((notice: RetryNotice) => void) | undefined;
}

/**
 * Runs an idempotent request until it succeeds, as often as `retry` allows: again after a failed
 * connection, but not after a refusal by OSS.
 *
 * @throws The error of the last attempt.
 */
export async function retrying<Result>(
  request: () => Promise<Result>,
  {
    retry = { retries: 3, minTimeout: 200 },
    signal = new AbortController().signal,
    onRetry = () => {},
  }: RetryingOptions = {},
): Promise<Result> {
  try {
    return await pRetry(
      async () => {
        try {
          return await request();
        } catch (thrown) {
          signal.throwIfAborted();
          const { error, outcome } = judge(thrown);
          throw new FailedAttempt(error, outcome === 'conflict' ? 'fatal' : outcome);
        }
      },
      retryOptions(retry, signal, onRetry),
    );
  } catch (error) {
    throw error instanceof FailedAttempt ? error.cause : error;
  }
}
