/**
 * Messages of `fetch`, in several runtimes and libraries, for a failed network.
 *
 * @see https://github.com/sindresorhus/is-network-error/blob/main/index.js
 */
const networkMessages: ReadonlySet<string> = new Set([
  'fetch failed',
  'terminated',
  'Failed to fetch',
  'Load failed',
  'network error',
  'Network request failed',
  'Network connection lost',
  'Network connection lost.',
]);

/** Code passed to the stream has a bug, so a retry would fail in the same way. */
export class ProgrammingError extends Error {
  override readonly name = 'ProgrammingError';
}

/** Whether a bug caused `error`, rather than a condition at run time. */
export function isProgrammingError(error: unknown): error is TypeError | ReferenceError {
  if (error instanceof ReferenceError) return true;
  return error instanceof TypeError && !isNetworkError(error);
}

/** `fetch` throws a TypeError for network failures too; in Node.js it has a cause. */
function isNetworkError({ message, cause }: TypeError): boolean {
  return (
    cause !== undefined ||
    networkMessages.has(message) ||
    message.startsWith('error sending request for url')
  );
}
