import type { AppendWritableOptions } from '../stream/options.js';

/** Options of a stream that say which object bytes go to where their own takes no more. */
export type SeriesOptions = Pick<
  AppendWritableOptions,
  'key' | 'rollover' | 'conflict' | 'recordDelimiter'
>;

/**
 * Fields of the first line of a file of uncommitted bytes for {@link SeriesOptions}; none if the stream
 * had one object, and shared it with nobody.
 */
export function seriesFields(options: SeriesOptions): object {
  const { key, rollover = false, conflict = 'fail', recordDelimiter = false } = options;
  if (rollover === false && conflict === 'fail') return {};
  return {
    template: rollover !== false && typeof key === 'string' ? key : undefined,
    rollover: rollover === false ? undefined : rollover,
    conflict: conflict === 'fail' ? undefined : conflict,
    // In hex: a delimiter need not be valid UTF-8.
    recordDelimiter:
      recordDelimiter === false
        ? undefined
        : Buffer.from(recordDelimiter as string).toString('hex'),
  };
}
