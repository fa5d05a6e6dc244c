import { areTurnsFaked } from '../../timers/node-timers.js';
import type { RequestSignal } from './fast-abort-signal.js';
import type { HttpAnswer, HttpRequest, RequestDispatcher } from './message.js';
import { ResponseCollector } from './response-collector.js';

/**
 * Sends one request and resolves with its answer, whatever its status.
 *
 * Reaches `dispatcher.dispatch()` before it returns. Does not touch the body any more once its
 * promise has settled.
 *
 * @throws {OssRequestError} If no complete answer came.
 */
export function exchange(
  dispatcher: RequestDispatcher,
  request: HttpRequest,
  signal: RequestSignal,
): Promise<HttpAnswer> {
  const handler = new ResponseCollector(dispatcher, request, signal);
  if (!signal.aborted) dispatch(dispatcher, request, handler);
  return handler.answer;
}

/** Hands a request to undici. */
export function dispatch(
  dispatcher: RequestDispatcher,
  request: HttpRequest,
  handler: ResponseCollector,
): void {
  try {
    const { origin, method, path, headers, body = null } = request;
    dispatcher.dispatch(
      // undici's timeouts are a second too coarse, so they are off: a deadline aborts. Without `reset`
      // it closes the connection after a HEAD. In a pipeline, where only what is idempotent goes
      // behind something else, a request would be held up, and ended, by the answer before its own.
      {
        origin,
        method,
        path,
        headers,
        body,
        headersTimeout: 0,
        bodyTimeout: 0,
        reset: dispatcher.reuse.endsWith(Boolean(body?.byteLength)) || areTurnsFaked(),
        idempotent: false,
      },
      handler,
    );
  } catch (error) {
    handler.dispatchFailed(error);
  }
}
