import type { Target } from '../../test/comparing-store/target.js';

/** The task of every contender of a comparison; plain values, because they go into the results. */
export type Setting = Readonly<Record<string, string | number | boolean>>;

/** One run of one contender. */
export interface Assignment<S = Setting> {
  /** The setting, overridden by the contender's own options. */
  readonly setting: S;

  /** The store, and the object of this run. */
  readonly target: Target;

  /** URL of the folder with the build of this library to use; ends with a slash. */
  readonly library: string;
}

/** Numbers by name, with the unit in it: `MB/s`, `ack p99 ms`. */
export type Figures = Readonly<Record<string, number>>;

/** A run that is ready to begin. */
export interface Job {
  /** The part that is timed: resolves when the last byte is delivered. */
  run(): Promise<Work>;

  /** The remaining work, which is not timed. */
  finish?(): Promise<void>;
}

/** The work done by a run, from which rates are computed. */
export interface Work {
  readonly byteLength?: number;
  readonly lineCount?: number;

  /** Figures that only the contender can measure. */
  readonly figures?: Figures;

  /** Peak memory in bytes, if the work was done in a process other than the contender's. */
  readonly peakRss?: number;
}

/** Whether enough bytes were written for a meaningful rate. */
export function isWorthRates(byteLength: number | undefined): byteLength is number {
  return byteLength !== undefined && byteLength >= 1e6;
}

/** A contender's module exports this as `prepare`: it does the work that is not timed. */
export type Prepare<S = Setting> = (assignment: Assignment<S>) => Promise<Job>;

/** One way to do the work. */
export interface Contender {
  readonly name: string;

  /** File in `bench/contenders`, without extension. */
  readonly module: string;

  /** Values that override the setting for this contender. */
  readonly options?: Setting;

  /** Whether it writes elsewhere, or nothing, so that the store cannot verify it. */
  readonly isLocal?: boolean;

  /** Whether it works in several threads, and so may use every processor. */
  readonly isThreaded?: boolean;

  /** Whether it uses this library, so that it can compare two revisions of it. */
  readonly isOurs?: boolean;
}
