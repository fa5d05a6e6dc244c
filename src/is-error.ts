import { types } from 'node:util';

/**
 * Whether a value is an error, of this realm or of another: in Jest those of Node.js itself are made
 * outside of the one that tests and packages are loaded in.
 */
export function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}

/** As {@link isError}, for one that stands for several, such as for those of all addresses of a name. */
export function isAggregateError(value: unknown): value is AggregateError {
  return isError(value) && value.name === 'AggregateError' && 'errors' in value;
}
