/** Node's error for a call on a destroyed stream; Node does not export its class. */
export function destroyedError(method: string): Error {
  return nodeError('ERR_STREAM_DESTROYED', `Cannot call ${method} after a stream was destroyed`);
}

/** Node's error for a stream that was closed before it had finished. */
export function prematureCloseError(): Error {
  return nodeError('ERR_STREAM_PREMATURE_CLOSE', 'Premature close');
}

/** Node's error for what a signal has ended, as streams have it; Node does not export its class. */
export function abortError(cause: unknown): Error {
  const error = new Error('The operation was aborted', { cause });
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' });
}

/** Node's error for an encoding that Buffer does not know. */
export function unknownEncodingError(encoding: string): TypeError {
  const error = new TypeError(`Unknown encoding: ${encoding}`);
  return Object.assign(error, { code: 'ERR_UNKNOWN_ENCODING' });
}

function nodeError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
