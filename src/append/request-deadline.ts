import { SuspendableTimer } from '../suspendable-timer.js';

/** Milliseconds a client has to reject after its signal fired. */
const abortGrace = 1000;

/** A request ran out of time, and its client did not even heed the signal. */
export class AbandonedRequestError extends Error {
  override readonly name = 'AbandonedRequestError';
}

/**
 * Runs one request under a signal that fires when `signal` does or after `timeout` milliseconds, of
 * which those do not count that the request has suspended.
 *
 * @throws What the request rejects with, or {@link AbandonedRequestError} when it goes on in spite
 *   of its signal: a client that hangs cannot hang the stream.
 */
export async function withDeadline<T>(
  signal: AbortSignal,
  timeout: number,
  request: (signal: AbortSignal, suspendTimeout: () => () => void) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const controller = new AbortController();
  let abandon: (reason: unknown) => void = () => {};
  const abandoned = new Promise<never>((_, reject) => {
    abandon = reject;
  });
  // Raced below; a client that throws at once never lets it come to that.
  abandoned.catch(() => {});

  let grace: NodeJS.Timeout | undefined;
  const timer = new SuspendableTimer(timeout, () => {
    const reason = new DOMException(`No answer within ${Math.round(timeout)} ms`, 'TimeoutError');
    controller.abort(reason);
    grace = setTimeout(() => {
      abandon(new AbandonedRequestError(reason.message, { cause: reason }));
    }, abortGrace);
  });
  const onAbort = () => {
    controller.abort(signal.reason);
    abandon(signal.reason);
  };
  signal.addEventListener('abort', onAbort, { once: true });

  try {
    return await Promise.race([request(controller.signal, () => timer.suspend()), abandoned]);
  } finally {
    timer.clear();
    clearTimeout(grace);
    signal.removeEventListener('abort', onAbort);
  }
}
