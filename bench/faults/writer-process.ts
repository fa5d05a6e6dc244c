// A process that runs any of the writers.
import type { Job } from '../../test/guarantees/fault-matrix/job.js';
import { serve } from '../../test/helpers/remote.js';
import { type WriterName, writers } from './writers.js';

const functions = {
  write: (name: WriterName, job: Job) => writers[name](job),
};

export type WriterFunctions = typeof functions;

serve(functions);
