import { type Calendar, isLater } from './calendar.js';

/**
 * Goes through the periods after that of `from`, up to that of `now`, without leaving one out.
 *
 * All instants are milliseconds since 1970.
 *
 * @returns The start of each period. A period that comes twice, because local time repeats more
 *   than one hour, is there once.
 */
export function* laterPeriods(calendar: Calendar, from: number, now: number): Generator<number> {
  let label = calendar.labelOf(from);
  for (let at = calendar.nextCheck(from); at <= now; at = calendar.nextCheck(at)) {
    const found = calendar.labelOf(at);
    if (!isLater(found, label)) continue;
    label = found;
    yield at;
  }
}
