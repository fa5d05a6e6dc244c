import { parseArgs } from 'node:util';
import { happenings } from './adversary.js';
import type { Limits } from './limits.js';

/** What to simulate: many seeds, or one seed with a log of everything that happens. */
export type SimulationRequest =
  | { readonly kind: 'survey'; readonly first: number; readonly count: number }
  | { readonly kind: 'replay'; readonly seed: number; readonly limits: Limits };

/** Invalid arguments. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Seeds from here on would repeat the earlier ones. */
const endOfSeeds = 2 ** 32;

const options = {
  seeds: { type: 'string' },
  first: { type: 'string' },
  seed: { type: 'string' },
  moves: { type: 'string' },
  patience: { type: 'string' },
  without: { type: 'string' },
} as const;

type Flag = keyof typeof options;
type Values = { readonly [name in Flag]?: string | undefined };

/** @throws {UsageError} If an argument is invalid. */
export function parseArguments(args: readonly string[]): SimulationRequest {
  const values = parse(args);
  if (values.seed === undefined) {
    refuse(values, ['moves', 'patience', 'without'], 'requires --seed');
    const first = integer(values, 'first', endOfSeeds - 1) ?? 0;
    const count = integer(values, 'seeds', endOfSeeds - first) ?? 100_000;
    if (count === 0) throw new UsageError('--seeds must be at least 1: it is 0');
    return { kind: 'survey', first, count };
  }
  refuse(values, ['seeds', 'first'], 'cannot be used with --seed');
  const seed = integer(values, 'seed', endOfSeeds - 1) ?? 0;
  const moves = integer(values, 'moves', Number.MAX_SAFE_INTEGER);
  const patience = integer(values, 'patience', Number.MAX_SAFE_INTEGER);
  return { kind: 'replay', seed, limits: { moves, patience, without: names(values.without) } };
}

function parse(args: readonly string[]): Values {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function refuse(values: Values, flags: readonly Flag[], reason: string): void {
  for (const flag of flags) {
    if (values[flag] !== undefined) throw new UsageError(`--${flag} ${reason}`);
  }
}

function integer(values: Values, flag: Flag, most: number): number | undefined {
  const text = values[flag];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > most) {
    throw new UsageError(`--${flag} must be an integer from 0 to ${most}: it is "${text}"`);
  }
  return value;
}

function names(text: string | undefined): ReadonlySet<string> | undefined {
  if (text === undefined) return undefined;
  for (const name of text.split(',')) {
    if (happenings.includes(name)) continue;
    throw new UsageError(
      `--without must name some of ${happenings.join(', ')}: it names "${name}"`,
    );
  }
  return new Set(text.split(','));
}
