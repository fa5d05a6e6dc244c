import type { AppendWritable } from '../../stream/append-writable.js';
import type { ObjectUrl } from '../flags/object-url.js';
import type { AppendRunResult } from '../run/append-run.js';
import type { SourceRange } from '../run/source.js';

/** Everything that is reported about a run. */
export interface AppendReport extends Omit<AppendRunResult, 'deadline' | 'isCutShort' | 'ranges'> {
  /** The object that was appended to last. */
  readonly url: ObjectUrl;

  /** How often the stream went on to another object; `undefined` if it was not to. */
  readonly rollovers: number | undefined;

  /** `undefined` if the run failed before it opened the stream. */
  readonly stream: AppendWritable | undefined;

  /** Milliseconds from start to end of the run. */
  readonly duration: number;
  readonly exitCode: number;

  /** Where the uncommitted bytes are, or why they could not be saved. */
  readonly saved: string | Error | undefined;

  /** Where uncommitted bytes can be read again; empty if they are saved. */
  readonly rereadable: readonly SourceRange[];

  /** Flags that a replay needs again; `undefined` if the object was only in memory. */
  readonly flagsToRepeat: readonly string[] | undefined;
}
