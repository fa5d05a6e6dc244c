import { inspect } from 'node:util';

/** @throws {TypeError} If `value` is not a number. @throws {RangeError} If it is not an integer from `least` to `most`. */
export function assertInteger(
  name: string,
  value: unknown,
  least: number,
  most: number,
): asserts value is number {
  if (typeof value !== 'number') throw typeError(name, 'a number', value);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw rangeError(name, `an integer from ${least} to ${most}`, value);
  }
}

/** @throws {TypeError} If `value` is not a number. @throws {RangeError} If it is not from `least` to `most`, or NaN. */
export function assertNumber(
  name: string,
  value: unknown,
  least: number,
  most: number,
): asserts value is number {
  if (typeof value !== 'number') throw typeError(name, 'a number', value);
  if (!(value >= least && value <= most)) {
    throw rangeError(name, `a number from ${least} to ${most}`, value);
  }
}

/** @throws {TypeError} If `value` is neither `undefined` nor a boolean. */
export function assertOptionalBoolean(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'boolean') throw typeError(name, 'a boolean', value);
}

/** @throws {TypeError} If `value` is not a string. @throws {RangeError} If it is not one of `words`. */
export function assertOneOf(name: string, value: unknown, words: readonly string[]): void {
  const rule = `one of ${words.map((word) => `'${word}'`).join(', ')}`;
  if (typeof value !== 'string') throw typeError(name, rule, value);
  if (!words.includes(value)) throw rangeError(name, rule, value);
}

export function typeError(name: string, rule: string, value: unknown): TypeError {
  return new TypeError(message(name, rule, value));
}

export function rangeError(name: string, rule: string, value: unknown): RangeError {
  return new RangeError(message(name, rule, value));
}

function message(name: string, rule: string, value: unknown): string {
  const shown = inspect(value, { depth: 0, maxStringLength: 100, breakLength: Infinity });
  return `Cannot create AppendWritable as '${name}' must be ${rule}: current value is ${shown}`;
}
