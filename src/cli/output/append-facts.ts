import type { AppendWritable } from '../../stream/append-writable.js';
import type { ObjectUrl } from '../flags/object-url.js';
import type { AppendRunResult } from '../run/append-run.js';
import type { SourceRange } from '../run/source.js';

/** Everything there is to tell about a run. */
export interface AppendReport extends Omit<AppendRunResult, 'deadline' | 'isCutShort' | 'ranges'> {
  readonly url: ObjectUrl;

  /** `undefined` if it did not get as far as that. */
  readonly stream: AppendWritable | undefined;

  /** Milliseconds. */
  readonly duration: number;
  readonly exitCode: number;

  /** Where the uncommitted bytes are, or why they could not be saved. */
  readonly saved: string | Error | undefined;

  /** Where they were read and can be read again, unless they are saved: all, or those that are not lost. */
  readonly rereadable: readonly SourceRange[];

  /** Flags that a replay of what is saved needs again; `undefined` where the object is gone. */
  readonly flagsToRepeat: readonly string[] | undefined;
}
