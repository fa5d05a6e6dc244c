// Runs one contender in its own process, so that its costs are measured alone.
import { serve } from '../../test/helpers/remote.js';
import { type Assignment, type Figures, isWorthRates, type Prepare } from './assignment.js';
import { keepOffFirstProcessor } from './processor.js';

/** The costs and the work of one run. */
export interface Measurement {
  readonly figures: Figures;

  /** Bytes written; compared with those that the store received. */
  readonly byteLength: number | undefined;

  /** Peak memory of the process so far, in bytes. */
  readonly peakRss: number;
}

const functions = {
  /** Leaves the first processor to the store. */
  keepOffFirstProcessor: () => keepOffFirstProcessor(process.pid),

  async run(module: string, assignment: Assignment): Promise<Measurement> {
    const { prepare }: { prepare: Prepare } = await import(`../contenders/${module}.js`);
    const job = await prepare(assignment);
    const cpuBefore = process.cpuUsage();
    const startedAt = performance.now();
    const { byteLength, lineCount, figures, peakRss } = await job.run();
    const seconds = (performance.now() - startedAt) / 1000;
    const { user, system } = process.cpuUsage(cpuBefore);
    await job.finish?.();
    const cpuSeconds = (user + system) / 1e6;
    return {
      byteLength,
      peakRss: peakRss ?? process.resourceUsage().maxRSS * 1024,
      figures: {
        ...(isWorthRates(byteLength) && {
          'MB/s': byteLength / 1e6 / seconds,
          'CPU s/GB': cpuSeconds / (byteLength / 1e9),
        }),
        ...(lineCount && {
          'lines/s': lineCount / seconds,
          'CPU ns/line': (cpuSeconds * 1e9) / lineCount,
        }),
        ...figures,
      },
    };
  },
};

export type ContenderFunctions = typeof functions;

serve(functions);
