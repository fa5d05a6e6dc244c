import type { Connection } from '../fault-matrix/job.js';
import type { Leaving, Sink } from './logger-case.js';

/** A program's task: log `lineCount` lines, then end. */
export interface LoggingJob {
  readonly connection: Connection;
  readonly key: string;
  readonly lineCount: number;
  readonly chunkSize: number;

  /** File for bytes that could not be committed. */
  readonly fallback: string;
  readonly shutdownTimeout: number;
  readonly sink: Sink;
  readonly leaving: Leaving;
}

/** Lines that are logged, and in some cases flushed, before the rest. */
export function firstHalf({ lineCount }: Pick<LoggingJob, 'lineCount'>): number {
  return Math.floor(lineCount / 2);
}

/** The job that this process was started with. */
export function jobOfProcess(): LoggingJob {
  return JSON.parse(process.argv[2] ?? '');
}

/** Options of every stream that writes to the object of a job. */
export function streamOptions({ connection, key, chunkSize }: LoggingJob) {
  // Less than one burst, so that most of its lines wait in the buffer that may drop lines.
  return { ...connection, key, chunkSize, highWaterMark: 2 * chunkSize };
}

/** Options of our loggers. */
export function logOptions(job: LoggingJob) {
  const { fallback, shutdownTimeout } = job;
  return { ...streamOptions(job), fallback, shutdownTimeout };
}
