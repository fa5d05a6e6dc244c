import { InvalidArgumentError } from 'commander';
import type { Fault } from '../../emulator/index.js';
import { parseDuration } from './duration.js';

const numbers = new Set(['nth', 'times', 'probability']);
const texts = new Set(['kind', 'operation', 'key']);

/**
 * Parses one `--fault`, such as `kind=drop-answer,operation=append,nth=2`, and appends it to
 * `before`. The emulator validates the values.
 *
 * @throws {InvalidArgumentError} If `text` is not a list of known names and values.
 */
export function collectFault(text: string, before: readonly Fault[] = []): readonly Fault[] {
  const fields = text.split(',').map((field): [string, string | number] => {
    const equals = field.indexOf('=');
    const [name, value] = [field.slice(0, equals), field.slice(equals + 1)];
    if (equals !== -1 && texts.has(name)) return [name, value];
    if (equals !== -1 && numbers.has(name) && value !== '') return [name, Number(value)];
    if (equals !== -1 && name === 'delay') return [name, parseDuration(value)];
    const known = [...texts, ...numbers, 'delay'].join(', ');
    throw new InvalidArgumentError(
      `"${field}" is not of the form NAME=VALUE with a name of ${known}.`,
    );
  });
  // The cast is unchecked: the emulator validates every field when it adds the fault.
  return [...before, Object.fromEntries(fields) as unknown as Fault];
}
