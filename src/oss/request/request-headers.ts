import type { RequestOptions } from '../../append/append-client.js';

const noHeaders: Readonly<Record<string, string>> = Object.freeze({});

/**
 * Headers that are possible in every request.
 *
 * @throws {TypeError} If an option has the wrong type or value.
 * @throws {RangeError} If `trafficLimit` is not a positive integer.
 */
export function requestHeaders(options: RequestOptions): Readonly<Record<string, string>> {
  const { requestPayer, trafficLimit } = options;
  if (requestPayer === undefined && trafficLimit === undefined) return noHeaders;
  const headers: Record<string, string> = {};
  if (requestPayer !== undefined) {
    if (requestPayer !== 'requester') {
      throw new TypeError(
        `Cannot send a request as 'requestPayer' must be requester: current value is ${String(requestPayer)}`,
      );
    }
    headers['x-oss-request-payer'] = requestPayer;
  }
  if (trafficLimit !== undefined) {
    if (!Number.isSafeInteger(trafficLimit) || trafficLimit < 1) {
      throw new RangeError(
        `Cannot send a request as 'trafficLimit' must be a positive integer: current value is ${trafficLimit}`,
      );
    }
    headers['x-oss-traffic-limit'] = String(trafficLimit);
  }
  return headers;
}

/** Whether two requests have the same headers. Fast if they share the object. */
export function hasSameHeaders(
  a: Readonly<Record<string, string>>,
  b: Readonly<Record<string, string>>,
): boolean {
  if (a === b) return true;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
