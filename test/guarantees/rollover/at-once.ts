import type { Stage } from '../fault-matrix/stage.js';
import { jobOf, type Life, newWriter } from './lives.js';
import type { RollingJob } from './rolling-job.js';

let folders = 0;

/**
 * Starts writers at once on one template, each in a process of its own.
 *
 * @param isGated Whether each waits with its first line until all have opened their object.
 */
export async function writeAtOnce(
  stage: Stage,
  changes: Partial<RollingJob>,
  { writers: count, isGated }: { readonly writers: number; readonly isGated: boolean },
): Promise<{ readonly folder: string; readonly lives: readonly Life[] }> {
  const folder = `at-once-${++folders}`;
  const writers = Array.from({ length: count }, newWriter);
  try {
    const jobs = writers.map((_, index) => jobOf(stage, folder, { ...changes, life: index + 1 }));
    const jobFor = (index: number) => jobs[index] as RollingJob;
    if (isGated) {
      await Promise.all(writers.map((writer, index) => writer.call('open', jobFor(index))));
    }
    const reports = await Promise.all(
      writers.map((writer, index) =>
        isGated ? writer.call('go') : writer.call('write', jobFor(index)),
      ),
    );
    const lives = reports.map((report, index) => ({
      life: index + 1,
      isKilled: false,
      acknowledged: report?.acknowledged ?? 0,
      error: report?.error?.message,
    }));
    return { folder, lives };
  } finally {
    await Promise.all(writers.map((writer) => writer.kill()));
  }
}
