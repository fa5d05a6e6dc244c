import type { Setting } from './assignment.js';
import type { Environment } from './environment.js';
import type { Summary } from './statistics.js';

/** One contender under one setting. */
export interface Result {
  readonly setting: Setting;
  readonly contender: string;
  readonly figures: Readonly<Record<string, Summary>>;

  /** The compared figures divided by those of the first contender, repeat by repeat. */
  readonly ratios: Readonly<Record<string, Summary>>;

  /** Peak memory of the contender's process, in bytes. */
  readonly peakRss: number;
}

/** The results of one benchmark. */
export interface Report {
  readonly name: string;
  readonly question: string;
  readonly environment: Environment;
  readonly repeats: number;
  readonly compare: readonly string[];
  readonly results: readonly Result[];

  /** For a benchmark with gates. */
  readonly verdicts?: readonly Verdict[];
}

/** The requirement of a gate, and the measurement. */
export interface Verdict extends Summary {
  readonly measure: string;
  readonly must: string;
  readonly passed: boolean;
}
