/**
 * What somebody else's client gave for a number, to be shown in an error. Anything else is called by
 * its type alone: it may be long, or bytes of the stream.
 */
export function describeNumber(value: unknown): string {
  return typeof value === 'number' || value === undefined ? String(value) : `(${typeof value})`;
}
