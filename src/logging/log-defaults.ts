import type { AppendWritableOptions } from '../stream/options.js';

type SharingOptions = Pick<
  AppendWritableOptions,
  'recordDelimiter' | 'rollover' | 'conflict' | 'flags' | 'position'
>;

/**
 * Defaults of a log, for the options that are left out: other processes may append to its object too,
 * and an object that takes no more is followed by the next.
 *
 * A default gives way to an option that it does not go with. The stream checks the values.
 */
export function sharingDefaults(
  options: SharingOptions,
): Pick<AppendWritableOptions, 'recordDelimiter' | 'rollover' | 'conflict'> {
  const { recordDelimiter = '\n', position } = options;
  // A position is that of one object.
  const { rollover = position === undefined } = options;
  const { conflict = defaultConflict({ ...options, recordDelimiter, rollover }) } = options;
  return { recordDelimiter, rollover, conflict };
}

function defaultConflict({ recordDelimiter, rollover, flags, position }: SharingOptions) {
  if (position !== undefined || recordDelimiter === false) return 'fail';
  if (flags !== 'ax') return 'rebase';
  // Such a log continues no object, and shares none.
  return rollover === false ? 'fail' : 'rollover';
}
