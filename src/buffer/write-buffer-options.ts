import type { ObjectEndsOptions } from './object-ends.js';

export interface WriteBufferOptions {
  readonly chunkSize: number;

  /** Maximum bytes that wait to be cut; at least one chunk. */
  readonly limit: number;
  readonly flushInterval: number;

  /** What ends a record, so that chunks end there; without it they end anywhere. */
  readonly recordDelimiter?: Uint8Array | undefined;

  /** Maximum bytes of a record; given if none may be divided between chunks. */
  readonly maxRecordSize?: number | undefined;

  /** Where objects end; without it there is one. */
  readonly objects?: Omit<ObjectEndsOptions, 'hasRecords'> | undefined;
}
