// Simulates the lives of seeds in a process of its own: a life replaces the global timers.
import { serve } from '../helpers/remote.js';
import { Counts, type CountsBySubject } from './counts.js';
import { simulate } from './simulation.js';

/** What became of some lives. */
export interface Batch {
  /** How often each event happened, until one failed. */
  readonly counts: CountsBySubject;

  /** The first one that failed. */
  readonly failure: Failure | undefined;
}

export interface Failure {
  readonly seed: number;
  readonly problems: readonly string[];
}

const functions = {
  /** Simulates seeds from `first` to before `end`, until one fails. */
  simulate: async (first: number, end: number): Promise<Batch> => {
    const total = new Counts();
    for (let seed = first; seed < end; seed++) {
      const { problems, counts } = await simulate(seed);
      total.addAll(counts.bySubject);
      if (problems.length > 0) return { counts: total.bySubject, failure: { seed, problems } };
    }
    return { counts: total.bySubject, failure: undefined };
  },
};

export type SurveyFunctions = typeof functions;

serve(functions);
