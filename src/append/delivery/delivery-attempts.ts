import pRetry from 'p-retry';
import { nodeTimers } from '../../timers/node-timers.js';
import {
  FailedAttempt,
  type RetryNotice,
  type RetryOptions,
  retryOptions,
} from '../retry-policy.js';

export interface AttemptsOptions {
  readonly retry: RetryOptions;
  readonly signal: AbortSignal;
  readonly onRetry: (notice: RetryNotice) => void;
}

/**
 * Runs `attempt` until it succeeds, as often and for as long as `retry` allows.
 *
 * @param attempt Throws {@link FailedAttempt} if another attempt may follow.
 * @throws The last `FailedAttempt`, when no retries are left; any other error at once.
 */
export async function attemptInTurn(
  attempt: () => Promise<void>,
  { retry, signal, onRetry }: AttemptsOptions,
): Promise<void> {
  const startedAt = nodeTimers.now();
  let first: FailedAttempt;
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof FailedAttempt)) throw error;
    first = error;
  }
  // Most chunks never need p-retry. It gets the failure as that of its own first attempt.
  const { maxRetryTime = Number.POSITIVE_INFINITY } = retry;
  const rest = Math.max(0, maxRetryTime - (nodeTimers.now() - startedAt));
  const options = retryOptions({ ...retry, maxRetryTime: rest }, signal, onRetry);
  await pRetry((attemptNumber) => {
    if (attemptNumber === 1) throw first;
    return attempt();
  }, options);
}
