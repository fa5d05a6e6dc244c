import { inspect } from 'node:util';

/** Longest delay of a Node.js timer, in milliseconds; with a longer one it fires at once. */
export const longestTimer = 2 ** 31 - 1;

/**
 * @param act The action that fails, for the message, such as `create AppendWritable`.
 * @throws {TypeError} If `value` is not a number.
 * @throws {RangeError} If it is not an integer from `least` to `most`.
 */
export function assertInteger(
  act: string,
  name: string,
  value: unknown,
  least: number,
  most: number,
): asserts value is number {
  if (typeof value !== 'number') throw typeError(act, name, 'a number', value);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw rangeError(act, name, `an integer from ${least} to ${most}`, value);
  }
}

/** @throws {TypeError} If `value` is not a number. @throws {RangeError} If it is not from `least` to `most`, or NaN. */
export function assertNumber(
  act: string,
  name: string,
  value: unknown,
  least: number,
  most: number,
): asserts value is number {
  if (typeof value !== 'number') throw typeError(act, name, 'a number', value);
  if (!(value >= least && value <= most)) {
    throw rangeError(act, name, `a number from ${least} to ${most}`, value);
  }
}

/** @throws {TypeError} If `value` is neither `undefined` nor a boolean. */
export function assertOptionalBoolean(act: string, name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'boolean')
    throw typeError(act, name, 'a boolean', value);
}

/** @throws {TypeError} If `value` is not a string. @throws {RangeError} If it is not one of `words`. */
export function assertOneOf(
  act: string,
  name: string,
  value: unknown,
  words: readonly string[],
): void {
  const rule = `one of ${words.map((word) => `'${word}'`).join(', ')}`;
  if (typeof value !== 'string') throw typeError(act, name, rule, value);
  if (!words.includes(value)) throw rangeError(act, name, rule, value);
}

/**
 * Whether `value` is an object of fields, of any class and realm: an array, a date or a map given as
 * options would have none of them, and mean all defaults.
 */
export function isRecord(value: unknown): value is object {
  return Object.prototype.toString.call(value) === '[object Object]';
}

/** @throws {TypeError} If `value` is neither `undefined` nor an AbortSignal. */
export function assertSignal(act: string, value: unknown): void {
  if (value === undefined || value instanceof AbortSignal) return;
  throw typeError(act, 'signal', 'an AbortSignal', value);
}

/** @throws {TypeError} If `callback` is neither `undefined` nor a function. */
export function assertOptionalCallback(act: string, callback: unknown): void {
  if (callback === undefined || typeof callback === 'function') return;
  throw new TypeError(`Cannot ${act} as the callback must be a function: it is ${callback}`);
}

export function typeError(act: string, name: string, rule: string, value: unknown): TypeError {
  return new TypeError(message(act, name, rule, value));
}

export function rangeError(act: string, name: string, rule: string, value: unknown): RangeError {
  return new RangeError(message(act, name, rule, value));
}

function message(act: string, name: string, rule: string, value: unknown): string {
  const shown = inspect(value, { depth: 0, maxStringLength: 100, breakLength: Infinity });
  return `Cannot ${act} as '${name}' must be ${rule}: current value is ${shown}`;
}
