import type { Connection } from '../fault-matrix/job.js';

/** What a writer writes, and how it rolls over. */
export interface RollingJob {
  readonly connection: Connection;

  /** Template of the keys. */
  readonly key: string;

  /** Number of the life, which its lines bear, and how many it writes. */
  readonly life: number;
  readonly lineCount: number;

  readonly chunkSize: number;
  readonly maxSize: number;

  /** Whether lines are records; otherwise each is a write. */
  readonly hasRecords: boolean;
  readonly seal: boolean;
  readonly conflict: 'fail' | 'rollover';

  /** Attempts of a request after the first, and the milliseconds before they are made. */
  readonly retries: number;
  readonly backoff: number;
  readonly requestTimeout: number;

  /** Request at which the writer kills its own process. */
  readonly killAt?: KillPoint | undefined;
}

export interface KillPoint {
  readonly operation: 'append' | 'head' | 'seal';

  /** Key of the request, and which one of that operation it is, from 1. */
  readonly key: string;
  readonly nth: number;

  /** Before it is sent, while it is on its way, or when it has been answered. */
  readonly moment: 'before' | 'sent' | 'answered';
}

/** What a writer says of itself at its end. */
export interface RollingReport {
  /** Bytes passed to `write()`, and bytes committed. */
  readonly written: number;
  readonly committed: number;

  /** Lines whose callback reported success. */
  readonly acknowledged: number;
  readonly error: { readonly code: string; readonly message: string } | undefined;

  /** What was handed back, how much of that is in doubt, and whether none of it is. */
  readonly rest: string;
  readonly doubtful: number;
  readonly isConfirmed: boolean;
  readonly rolled: readonly Rolled[];

  /** Keys that were sealed, and those that could not be. */
  readonly sealed: readonly string[];
  readonly unsealed: readonly string[];
}

export interface Rolled {
  readonly from: string;
  readonly position: number;
  readonly to: string;
  readonly reason: string;
}
