import type { AppendWritableOptions } from '../stream/options.js';

/** Options of a stream that say how it goes on from object to object. */
export type SeriesOptions = Pick<
  AppendWritableOptions,
  'key' | 'rollover' | 'conflict' | 'recordDelimiter'
>;

/**
 * Fields of the first line of a file of uncommitted bytes that say how its stream went on from object
 * to object; none if it had one object.
 */
export function seriesFields({ key, rollover, conflict, recordDelimiter }: SeriesOptions): object {
  if (rollover === undefined || rollover === false) return {};
  return {
    template: typeof key === 'string' ? key : undefined,
    rollover,
    conflict: conflict === 'fail' ? undefined : conflict,
    // In hex: a delimiter need not be valid UTF-8.
    recordDelimiter: recordDelimiter
      ? Buffer.from(recordDelimiter as string).toString('hex')
      : undefined,
  };
}
