import { inspect } from 'node:util';
import { operationNames } from '../operations/operation-name.js';
import { type Fault, faultKinds } from './fault.js';

const fieldNames: readonly string[] = [
  'kind',
  'operation',
  'key',
  'nth',
  'times',
  'probability',
  'delay',
] satisfies (keyof Fault)[];

/**
 * Validates a fault given by the user.
 *
 * @throws {TypeError} If a field is unknown or has the wrong type, or `kind` or `operation` is unknown.
 * @throws {RangeError} If a number is out of range, or `kind` does not apply to `operation`.
 */
export function assertFault(fault: Fault): void {
  const { kind, operation, key, nth, times, probability, delay } = fault;
  assertOneOf('kind', kind, faultKinds);
  assertFieldsKnown(fault);
  if (operation !== undefined) assertOneOf('operation', operation, operationNames);
  if (kind === 'early-conflict' && operation !== undefined && operation !== 'append') {
    throw new RangeError(
      `Cannot add a fault as 'operation' of 'early-conflict' must be 'append': current value is '${operation}'`,
    );
  }
  if (key !== undefined && typeof key !== 'string') {
    throw new TypeError(
      `Cannot add a fault as 'key' must be a string: current value is ${show(key)}`,
    );
  }
  assertNumber('nth', nth, { minimum: 1, integer: true });
  assertNumber('times', times, { minimum: 1, integer: true });
  assertNumber('probability', probability, { minimum: 0, maximum: 1 });
  assertNumber('delay', delay, { minimum: 0, maximum: 2 ** 31 - 1 });
}

/** A misspelt `nth` would be ignored, and the fault would fire on every request. */
function assertFieldsKnown(fault: Fault): void {
  const unknown = Object.keys(fault).find((name) => !fieldNames.includes(name));
  if (unknown === undefined) return;
  throw new TypeError(
    `Cannot add a fault as it has no field '${unknown}': there are ${fieldNames.join(', ')}`,
  );
}

function assertOneOf(name: string, value: unknown, allowed: readonly string[]): void {
  if (typeof value === 'string' && allowed.includes(value)) return;
  throw new TypeError(
    `Cannot add a fault as '${name}' must be one of ${allowed.join(', ')}: current value is ${show(value)}`,
  );
}

interface NumberRule {
  readonly minimum: number;
  readonly maximum?: number;
  readonly integer?: boolean;
}

function assertNumber(name: string, value: unknown, rule: NumberRule): void {
  if (value === undefined) return;
  if (typeof value !== 'number') {
    throw new TypeError(
      `Cannot add a fault as '${name}' must be a number: current value is ${show(value)}`,
    );
  }
  const { minimum, maximum = Number.POSITIVE_INFINITY, integer = false } = rule;
  if (
    value >= minimum &&
    value <= maximum &&
    (!integer || Number.isInteger(value) || value === maximum)
  )
    return;
  const noun = integer ? 'an integer' : 'a number';
  const range =
    maximum === Number.POSITIVE_INFINITY
      ? `of at least ${minimum}`
      : `from ${minimum} to ${maximum}`;
  throw new RangeError(
    `Cannot add a fault as '${name}' must be ${noun} ${range}: current value is ${value}`,
  );
}

/** `String()` throws for some objects. */
function show(value: unknown): string {
  return typeof value === 'object' ? inspect(value, { depth: 0 }) : String(value);
}
