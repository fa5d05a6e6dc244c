import type { Command } from 'commander';
import { longestTimer } from '../../assertions.js';
import { UsageError } from '../exit-code.js';
import { Follow } from '../follow/follow.js';
import { parseDuration } from './duration.js';
import type { RolloverFlags } from './rollover-options.js';

/** Flags that say which file is appended as it grows. */
export interface FollowFlags {
  readonly follow?: string;
  readonly pollInterval?: number;
}

/** Shortest time between two looks at the file, in milliseconds. */
const leastInterval = 10;

/** Adds the flags that say which file is appended as it grows. */
export function addFollowOptions(command: Command): Command {
  return command
    .optionsGroup('Options:')
    .option('--follow <file>', 'append this file as it grows, across rotation')
    .option(
      '--poll-interval <time>',
      'how often --follow looks at it (default: 1s)',
      parseDuration,
    );
}

/**
 * Returns what `--follow` asks for; `undefined` without it.
 *
 * @param before Files that come before it in the object.
 * @throws {UsageError} If the file cannot be followed, or another flag excludes that.
 */
export function followOption(
  { follow, pollInterval, ...flags }: FollowFlags & RolloverFlags,
  before: readonly string[],
): Follow | undefined {
  if (follow === undefined) {
    if (pollInterval !== undefined) throw new UsageError('--poll-interval needs --follow.');
    return undefined;
  }
  assertOneWriter(flags);
  if (follow === '-' || before.includes('-')) {
    throw new UsageError('With --follow standard input is not read: name a file.');
  }
  const interval = pollInterval ?? 1000;
  if (!(interval >= leastInterval && interval <= longestTimer)) {
    throw new UsageError(`--poll-interval must be from 10ms to 596h: it is ${interval}ms.`);
  }
  return new Follow({ path: follow, before, pollInterval: interval });
}

/** The length of the object says how much of the file it has: so it must have nothing else. */
function assertOneWriter(flags: RolloverFlags): void {
  const { rollover, rolloverSize, rolloverInterval, conflict = 'fail' } = flags;
  if (rollover === true || rolloverSize !== undefined || rolloverInterval !== undefined) {
    throw new UsageError(
      '--follow finds out by the length of one object where to go on in the file: it excludes --rollover, --rollover-size and --rollover-interval.',
    );
  }
  if (conflict !== 'fail') {
    throw new UsageError(
      `--follow needs an object of its own: it excludes --conflict ${conflict}.`,
    );
  }
}
