import type { RecordEnds } from './record-ends.js';
import type { SlabPool } from './slab-pool.js';

export interface ChunkBufferOptions {
  /** Bytes in a full chunk. */
  readonly chunkSize: number;

  /** Maximum bytes held, without the chunk in flight; at least one chunk, the default. */
  readonly limit?: number;
  readonly pool?: SlabPool;

  /** Where records end; everywhere by default. */
  readonly ends?: RecordEnds;

  /**
   * Maximum bytes of a record, if those that are longer than a chunk get a chunk of their own instead
   * of being divided.
   */
  readonly maxRecordSize?: number | undefined;
}
