import { InvalidArgumentError } from 'commander';
import type { Fault } from '../../emulator/index.js';
import { parseDuration } from './duration.js';

const numbers = new Set(['nth', 'times', 'probability']);
const texts = new Set(['kind', 'operation', 'key']);

/**
 * Reads one `--fault`, such as `kind=drop-answer,operation=append,nth=2`, and adds it to those
 * before it. What the values may be is for the emulator to say.
 *
 * @throws {InvalidArgumentError} If it is no list of known names and values.
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
  // Not known to be one: the emulator checks every field when the fault is added.
  return [...before, Object.fromEntries(fields) as unknown as Fault];
}
