import pRetry from 'p-retry';
import type { AppendClient } from './append-client.js';
import type { RequestRunner } from './request-runner.js';
import {
  FailedAttempt,
  judge,
  type RetryNotice,
  type RetryOptions,
  retryOptions,
} from './retry-policy.js';

/** Retries of a seal: nothing is lost if it fails, and the end of a stream should not wait long. */
const maxRetries = 2;

export interface SealObjectOptions {
  readonly client: AppendClient;
  readonly requests: RequestRunner;
  readonly retry: RetryOptions;
  readonly signal: AbortSignal;
  readonly onRetry: (notice: RetryNotice) => void;
}

/**
 * Makes the object `key`, which is `position` bytes long, refuse further appends. Sealing an object
 * that is sealed already does nothing, so that a seal without an answer can be repeated.
 *
 * Never rejects: resolves with the reason if the object could not be sealed.
 */
export async function sealObject(
  key: string,
  position: number,
  { client, requests, retry, signal, onRetry }: SealObjectOptions,
): Promise<Error | undefined> {
  // Not within `write()`: code that the client calls may write to the stream, or destroy it.
  await undefined;
  const attempt = async () => {
    try {
      await requests.run(0, (options) => client.sealAppendObject(key, position, options));
    } catch (thrown) {
      signal.throwIfAborted();
      const { outcome, error } = judge(thrown);
      // With a conflict another writer has appended, and its bytes stay behind ours.
      throw new FailedAttempt(error, outcome === 'conflict' ? 'fatal' : outcome);
    }
  };
  const retries = Math.min(retry.retries ?? maxRetries, maxRetries);
  try {
    await pRetry(attempt, retryOptions({ ...retry, retries }, signal, onRetry));
    return undefined;
  } catch (error) {
    return error instanceof FailedAttempt ? error.cause : (error as Error);
  }
}
