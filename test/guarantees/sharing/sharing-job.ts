import type { Connection } from '../fault-matrix/job.js';

/** What one of the writers of a shared object writes. */
export interface SharingJob {
  readonly connection: Connection;

  /** Key of the object, or template of the keys. */
  readonly key: string;

  /** Number of the writer, which its lines bear, and how many it writes. */
  readonly writer: number;
  readonly lineCount: number;
  readonly chunkSize: number;

  /** Size at which it goes on to the next object; absent without rollover. */
  readonly maxSize: number | undefined;
  readonly seal: boolean;

  /** Milliseconds until a request times out. */
  readonly requestTimeout: number;
}

/** What a writer says of itself at its end. */
export interface SharingReport {
  readonly writer: number;

  /** Lines passed to `write()`, and those whose callback reported success. */
  readonly written: number;
  readonly acknowledged: number;

  /** Bytes committed. */
  readonly committed: number;
  readonly conflicts: number;
  readonly retries: number;
  readonly rollovers: number;

  /** Keys that it could not seal. */
  readonly unsealed: readonly string[];
  readonly error: { readonly code: string; readonly message: string } | undefined;

  /** What was handed back, and whether none of it is in an object. */
  readonly rest: string;
  readonly isConfirmed: boolean;
}
