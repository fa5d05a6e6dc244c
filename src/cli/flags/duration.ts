import { InvalidArgumentError } from 'commander';

const factors = new Map([
  ['', 1],
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
]);

/**
 * Parses a duration to milliseconds: `500`, `500ms`, `2s`, `1.5m`, `1h`.
 *
 * @throws {InvalidArgumentError} If `text` is not a duration.
 */
export function parseDuration(text: string): number {
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?) ?([a-z]*)$/.exec(text) ?? [];
  const milliseconds = Number(digits) * (factors.get(unit) ?? Number.NaN);
  if (digits === '' || Number.isNaN(milliseconds)) {
    throw new InvalidArgumentError('It must be a duration, such as 500ms, 2s or 1m.');
  }
  return milliseconds;
}

/**
 * Parses a duration that may also be `Infinity`.
 *
 * @throws {InvalidArgumentError} If `text` is not a duration.
 */
export function parseEndlessDuration(text: string): number {
  return text === 'Infinity' ? Number.POSITIVE_INFINITY : parseDuration(text);
}
