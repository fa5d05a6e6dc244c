import pRetry from 'p-retry';
import { FailedAttempt, judge } from '../append/retry-policy.js';

/**
 * Runs an idempotent request up to four times: again after a failed connection, but not after a
 * refusal by OSS.
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
      { retries: 3, minTimeout: 200, shouldRetry },
    );
  } catch (error) {
    throw error instanceof FailedAttempt ? error.cause : error;
  }
}

function shouldRetry({ error }: { readonly error: Error }): boolean {
  return error instanceof FailedAttempt && !error.isPointless;
}
