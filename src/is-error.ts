import { types } from 'node:util';

/**
 * Whether a value is an error, of this realm or of another: Jest loads tests and packages in a
 * realm of their own, and Node.js creates its errors outside of it.
 */
export function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}

/** As {@link isError}, for an `AggregateError`, such as the errors of all addresses of a host. */
export function isAggregateError(value: unknown): value is AggregateError {
  return isError(value) && value.name === 'AggregateError' && 'errors' in value;
}
