import { requestOptionNames } from '../oss/request-options.js';
import { creationOptionNames } from './creation-options.js';
import type { AppendWritableOptions } from './stream-options.js';

/** Every option of {@link AppendWritableOptions}; the compiler checks that none is missing. */
const names = {
  ...requestOptionNames,
  ...creationOptionNames,
  key: true,
  flags: true,
  position: true,
  chunkSize: true,
  flushInterval: true,
  recordDelimiter: true,
  rollover: true,
  conflict: true,
  highWaterMark: true,
  verify: true,
  seal: true,
  signal: true,
  defaultEncoding: true,
  emitClose: true,
  autoDestroy: true,
  captureRejections: true,
} satisfies Record<keyof AppendWritableOptions, true>;

export const appendOptionNames: readonly string[] = Object.keys(names);
