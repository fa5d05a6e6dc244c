import type { Setting } from './assignment.js';
import type { Environment } from './environment.js';
import type { Summary } from './statistics.js';

/** One contender under one setting. */
export interface Result {
  readonly setting: Setting;
  readonly contender: string;
  readonly figures: Readonly<Record<string, Summary>>;

  /** Of the figures that are compared: those of the contender by those of the first, run by run. */
  readonly ratios: Readonly<Record<string, Summary>>;

  /** Most memory the contender's process held, in bytes. */
  readonly peakRss: number;
}

/** All there is to say about one benchmark. */
export interface Report {
  readonly name: string;
  readonly question: string;
  readonly environment: Environment;
  readonly repeats: number;
  readonly compare: readonly string[];
  readonly results: readonly Result[];

  /** For a benchmark that says what must be. */
  readonly verdicts?: readonly Verdict[];
}

/** What had to be reached, and what was measured. */
export interface Verdict extends Summary {
  readonly measure: string;
  readonly must: string;
  readonly passed: boolean;
}
