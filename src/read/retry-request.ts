import pRetry from 'p-retry';
import { FailedAttempt, judge, retryOptions } from '../append/retry-policy.js';

const retry = { retries: 3, minTimeout: 200 };

/**
 * Runs an idempotent request until it succeeds, with up to three retries within one and a half
 * seconds: again after a failed connection, but not after a refusal by OSS.
 *
 * @throws The error of the last attempt.
 */
export async function retrying<Result>(request: () => Promise<Result>): Promise<Result> {
  try {
    return await pRetry(
      async () => {
        try {
          return await request();
        } catch (thrown) {
          const { error, outcome } = judge(thrown);
          throw new FailedAttempt(error, outcome === 'conflict' ? 'fatal' : outcome);
        }
      },
      retryOptions(retry, new AbortController().signal, () => {}),
    );
  } catch (error) {
    throw error instanceof FailedAttempt ? error.cause : error;
  }
}
