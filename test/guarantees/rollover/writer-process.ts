// A writer in its own process, which a test can kill.
import { serve } from '../../helpers/remote.js';
import type { RollingJob, RollingReport } from './rolling-job.js';
import { writeLines } from './write-lines.js';

let report: Promise<RollingReport> | undefined;
let release = () => {};

const functions = {
  write: (job: RollingJob) => writeLines(job),

  /** As `write()`, and sends the number of acknowledged lines as often as it grows. */
  live: (job: RollingJob) =>
    writeLines(job, { onAcknowledged: (count) => void process.send?.({ id: 0, result: count }) }),

  /** Resolves when the stream is open, and writes nothing before `go()`. */
  open: (job: RollingJob) =>
    new Promise<void>((resolve) => {
      const gate = new Promise<void>((open) => {
        release = open;
      });
      const onReady = () => {
        resolve();
        return gate;
      };
      report = writeLines(job, { onReady });
    }),
  go: () => {
    release();
    return report;
  },
};

export type RollingWriterFunctions = typeof functions;

serve(functions);
