import pRetry from 'p-retry';
import { FailedAttempt, judge } from '../append/retry-policy.js';

/**
 * Runs a request that does no harm when it is sent twice, up to four times: again when nothing came
 * of it, and not when OSS refused it.
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
