/**
 * Describes, for an error, a value that a custom client returned as a number. Any other value is
 * shown by its type alone: it may be long, or contain bytes of the stream.
 */
export function describeNumber(value: unknown): string {
  return typeof value === 'number' || value === undefined ? String(value) : `(${typeof value})`;
}
