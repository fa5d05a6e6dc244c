import type * as Main from 'oss-append-stream';
import type * as PinoEntry from 'oss-append-stream/pino';
import type * as WinstonEntry from 'oss-append-stream/winston';
import type { Assignment } from './assignment.js';

interface Entries {
  'index.js': typeof Main;
  'pino.js': typeof PinoEntry;
  'winston.js': typeof WinstonEntry;
}

/** Loads an entry of the build of this library that a run uses. */
export function load<Name extends keyof Entries>(
  { library }: Pick<Assignment, 'library'>,
  entry: Name,
): Promise<Entries[Name]> {
  return import(`${library}${entry}`);
}
