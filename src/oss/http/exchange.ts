import { areTurnsFaked } from '../../timers/node-timers.js';
import type { RequestSignal } from './fast-abort-signal.js';
import type { HttpAnswer, HttpRequest, RequestDispatcher } from './message.js';
import { ResponseCollector } from './response-collector.js';

/**
 * Sends one request and resolves with its answer, whatever its status.
 *
 * Calls `dispatcher.dispatch()` before it returns. The body is not read any more once the promise
 * has settled.
 *
 * @throws {OssRequestError} If no complete answer arrived.
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
      // undici's timeouts are only accurate to a second, so they are off and a deadline aborts.
      // Without `reset`, undici closes the connection after a HEAD. `idempotent: false` prevents
      // pipelining, in which the previous answer could delay or abort this request.
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
