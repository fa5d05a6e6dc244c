import type { Connection } from '../fault-matrix/job.js';
import type { Leaving, Sink } from './logger-case.js';

/** What a program is to do: log so many lines, then leave. */
export interface LoggingJob {
  readonly connection: Connection;
  readonly key: string;
  readonly lineCount: number;
  readonly chunkSize: number;

  /** File for what cannot be committed any more. */
  readonly fallback: string;
  readonly shutdownTimeout: number;
  readonly sink: Sink;
  readonly leaving: Leaving;
}

/** Lines that are logged, and perhaps flushed, while the rest is still to come. */
export function firstHalf({ lineCount }: Pick<LoggingJob, 'lineCount'>): number {
  return Math.floor(lineCount / 2);
}

/** The job that the process was started with. */
export function jobOfProcess(): LoggingJob {
  return JSON.parse(process.argv[2] ?? '');
}

/** Options of every stream that writes to the object of a job. */
export function streamOptions({ connection, key, chunkSize }: LoggingJob) {
  // Less than what is logged at once, so that most of it waits where lines may be dropped.
  return { ...connection, key, chunkSize, highWaterMark: 2 * chunkSize };
}

/** Options of our loggers. */
export function logOptions(job: LoggingJob) {
  const { fallback, shutdownTimeout } = job;
  return { ...streamOptions(job), fallback, shutdownTimeout };
}
