import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Interval } from '../../rollover/calendar.js';
import type { AppendWritableOptions } from '../../stream/options.js';
import { UsageError } from '../exit-code.js';
import { parseByteSize } from './byte-size.js';
import { parseDuration } from './duration.js';

/** Flags that say when to go on to the next object. */
export interface RolloverFlags {
  readonly rollover?: boolean;
  readonly rolloverSize?: number;
  readonly rolloverInterval?: Interval;
  readonly timeZone?: string;
  readonly conflict?: 'fail' | 'rollover';
}

/** Explains the key, which is a template with these flags. */
export const templateHelp = `
With --rollover, --rollover-size or --rollover-interval the key is a template:
{yyyy} {MM} {dd} {HH} {hostname} {pid} {id} {seq}, and {{ or }} for a brace.
Without {seq}, app.log is followed by app.1.log and app.2.log.`;

/** Adds the flags that say when to go on to the next object. */
export function addRolloverOptions(command: Command): Command {
  return command
    .optionsGroup('When to go on to the next object:')
    .option('--rollover', 'when an object is full, sealed or not appendable')
    .option('--rollover-size <size>', 'before it is longer; --chunk-size at least', parseByteSize)
    .option('--rollover-interval <time>', 'each hour, day, month, or so often', parseInterval)
    .option('--time-zone <zone>', 'of hours, days and months (default: UTC)')
    .addOption(
      new Option('--conflict <what>', 'if others have appended too').choices(['fail', 'rollover']),
    );
}

const switches = '--rollover, --rollover-size or --rollover-interval';

/**
 * Converts the flags to options of the stream.
 *
 * @throws {UsageError} If they need one another, or exclude each other.
 */
export function rolloverOptions(
  flags: RolloverFlags & Pick<AppendWritableOptions, 'position'>,
): Pick<AppendWritableOptions, 'rollover' | 'conflict'> {
  const { rollover, rolloverSize, rolloverInterval, timeZone, conflict, position } = flags;
  if (rollover !== true && rolloverSize === undefined && rolloverInterval === undefined) {
    if (timeZone !== undefined) throw new UsageError(`--time-zone needs ${switches}.`);
    if (conflict === 'rollover') throw new UsageError(`--conflict rollover needs ${switches}.`);
    return {};
  }
  if (position !== undefined) {
    throw new UsageError('--position is that of one object, and excludes going on to the next.');
  }
  const limits = { maxSize: rolloverSize, interval: rolloverInterval, timeZone };
  const given = Object.entries(limits).filter(([, value]) => value !== undefined);
  return {
    rollover: given.length === 0 ? true : Object.fromEntries(given),
    ...(conflict === undefined ? {} : { conflict }),
  };
}

function parseInterval(text: string): Interval {
  if (text === 'hour' || text === 'day' || text === 'month') return text;
  try {
    return parseDuration(text);
  } catch {
    throw new InvalidArgumentError('It must be hour, day, month or a duration, such as 15m or 6h.');
  }
}
