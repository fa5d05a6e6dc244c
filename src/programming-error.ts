/**
 * What `fetch` of a runtime or of a library says when the network has failed.
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

/** Code that the stream was given is wrong; doing the same again would come to the same. */
export class ProgrammingError extends Error {
  override readonly name = 'ProgrammingError';
}

/** Whether `error` comes of wrong code rather than of what the code has met. */
export function isProgrammingError(error: unknown): error is TypeError | ReferenceError {
  if (error instanceof ReferenceError) return true;
  return error instanceof TypeError && !isNetworkError(error);
}

/** `fetch` tells of the network by a TypeError too; that of Node.js says why as its cause. */
function isNetworkError({ message, cause }: TypeError): boolean {
  return (
    cause !== undefined ||
    networkMessages.has(message) ||
    message.startsWith('error sending request for url')
  );
}
