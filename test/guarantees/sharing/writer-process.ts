// A writer in its own process, which a test can stop and continue.
import { serve } from '../../helpers/remote.js';
import { type OpenWriter, shareObject } from './share-object.js';
import type { SharingJob, SharingReport } from './sharing-job.js';

/** Lines after which the number of acknowledged ones is sent. */
const step = 25;

let writer: OpenWriter | undefined;
let acknowledged = 0;

const functions = {
  /** Resolves when all lines are acknowledged, or the stream has failed. */
  async write(job: SharingJob): Promise<void> {
    acknowledged = 0;
    writer = await shareObject(job, (count) => {
      acknowledged = count;
      if (count % step === 0) process.send?.({ id: 0, result: count });
    });
  },

  /** Lines acknowledged by now. */
  acknowledged: (): number => acknowledged,

  end: (): Promise<SharingReport> | undefined => writer?.end(),
};

export type SharingWriterFunctions = typeof functions;

serve(functions);
