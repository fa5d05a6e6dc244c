import { availableParallelism } from 'node:os';
import { inParallel } from '../helpers/in-parallel.js';
import { Remote } from '../helpers/remote.js';
import { Counts } from './counts.js';
import type { Failure, SurveyFunctions } from './survey-process.js';

/** Lives that a process simulates before it is asked again. */
const batchSize = 100;

export interface Survey {
  /** How often each event happened in the lives that were simulated. */
  readonly counts: Counts;

  /** The failing life with the lowest seed; those of higher seeds may be missing then. */
  readonly failure: Failure | undefined;
}

/** Simulates the lives of `count` seeds from `first`, with a process for each processor. */
export async function survey(first: number, count: number): Promise<Survey> {
  const starts = Array.from({ length: Math.ceil(count / batchSize) }, (_, n) => n * batchSize);
  const processes = Array.from({ length: Math.min(availableParallelism(), starts.length) }, () => {
    return new Remote<SurveyFunctions>('test/simulation/survey-process');
  });
  const total = new Counts();
  const failures: Failure[] = [];
  const idle = [...processes];
  const runs = starts.map((start) => async () => {
    // Batches begin in the order of their seeds, so none that is left has a lower one.
    if (failures.length > 0) return;
    const process = idle.pop() as Remote<SurveyFunctions>;
    const end = Math.min(start + batchSize, count);
    const { counts, failure } = await process.call('simulate', first + start, first + end);
    idle.push(process);
    total.addAll(counts);
    if (failure !== undefined) failures.push(failure);
  });
  try {
    await inParallel(runs, processes.length);
  } finally {
    await Promise.all(processes.map((process) => process.kill()));
  }
  const [failure] = failures.sort((left, right) => left.seed - right.seed);
  return { counts: total, failure };
}
