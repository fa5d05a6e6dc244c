import type { Target } from '../../test/comparing-store/target.js';

/** What is asked of every contender of a comparison; plain values, as they go into the results. */
export type Setting = Readonly<Record<string, string | number | boolean>>;

/** One run of one contender. */
export interface Assignment<S = Setting> {
  /** The setting, with what the contender's own options say on top. */
  readonly setting: S;

  /** Where it sends to, and the object that is its own in this run. */
  readonly target: Target;

  /** URL of the folder with the build of this library to use; ends with a slash. */
  readonly library: string;
}

/** Numbers by name, with the unit in it: `MB/s`, `ack p99 ms`. */
export type Figures = Readonly<Record<string, number>>;

/** A run that is ready to begin. */
export interface Job {
  /** The part that is timed: resolves when the last byte is where it belongs. */
  run(): Promise<Work>;

  /** What is left to do, untimed. */
  finish?(): Promise<void>;
}

/** What a run achieved, from which rates are computed. */
export interface Work {
  readonly byteLength?: number;
  readonly lineCount?: number;

  /** What only the contender can know. */
  readonly figures?: Figures;

  /** Most memory held, in bytes, where the work was done in another process than the contender's. */
  readonly peakRss?: number;
}

/** Whether so many bytes were written that a rate says something. */
export function isWorthRates(byteLength: number | undefined): byteLength is number {
  return byteLength !== undefined && byteLength >= 1e6;
}

/** A contender's module exports this as `prepare`: whatever need not be timed is done here. */
export type Prepare<S = Setting> = (assignment: Assignment<S>) => Promise<Job>;

/** One way to do the work. */
export interface Contender {
  readonly name: string;

  /** File in `bench/contenders`, without extension. */
  readonly module: string;

  /** What this contender does in another way than the setting says. */
  readonly options?: Setting;

  /** It writes somewhere else, or nothing, so that the store cannot tell what arrived. */
  readonly isLocal?: boolean;

  /** It works in several threads, and so may use every processor. */
  readonly isThreaded?: boolean;

  /** It uses this library, so that two revisions of that can be compared with it. */
  readonly isOurs?: boolean;
}
