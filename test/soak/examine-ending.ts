/** How a stream ended, according to itself and to its user. */
export interface Ending {
  /** Offset in the object of the stream's first byte. */
  readonly base: number;

  /** Bytes passed to the stream. */
  readonly written: number;

  /** Bytes up to which a callback, `append()` or `flush()` reported success. */
  readonly acknowledged: number;

  /** Its `bytesWritten` and `position`. */
  readonly committed: number;
  readonly position: number | undefined;

  /** `finished`, `destroyed`, or the code of the error. */
  readonly outcome: string;

  /** Bytes that it handed back. */
  readonly uncommitted:
    | { readonly position: number | undefined; readonly bytes: Buffer; readonly confirmed: boolean }
    | undefined;
}

/** The object in the store. */
export interface FoundObject {
  readonly length: number;

  /** Length of the prefix that equals the source. */
  readonly matching: number;
}

/** What another writer did to the object. */
export type Interference = 'none' | 'appended' | 'removed';

export interface Expectation {
  readonly outcomes: readonly string[];
  readonly interference: Interference;

  /** Bytes written and not committed. */
  readonly rest: Buffer;
}

/** Describes every problem in how a stream ended; empty when there is none. */
export function examineEnding(
  ending: Ending,
  found: FoundObject,
  { outcomes, interference, rest }: Expectation,
): string[] {
  const { base, written, acknowledged, committed, position, outcome, uncommitted } = ending;
  const problems: string[] = [];
  const check = (isWell: boolean, problem: string) => {
    if (!isWell) problems.push(problem);
  };
  const end = base + committed;
  check(outcomes.includes(outcome), `ended with ${outcome} instead of ${outcomes.join(' or ')}`);
  check(committed <= written, `counts ${committed} of ${written} bytes as committed`);
  check(acknowledged <= committed, `acknowledged ${acknowledged} bytes of ${committed} committed`);
  check(
    position === end || (position === undefined && committed === 0),
    `is at position ${position} with ${committed} bytes after ${base}`,
  );

  if (interference !== 'removed') {
    check(
      found.matching >= end,
      `only ${found.matching} of ${end} committed bytes are in the object`,
    );
  }
  if (interference === 'none') {
    check(
      found.matching === found.length,
      `the object has ${found.length - found.matching} bytes from ${found.matching} on that do not belong there`,
    );
    check(found.length <= base + written, `the object has more than the ${written} bytes written`);
  }
  if (outcome === 'finished') {
    check(committed === written, `finished with ${committed} of ${written} bytes`);
    check(
      found.length === end && found.matching === end,
      `finished at ${end} with an object of ${found.length} bytes`,
    );
  }

  check(
    uncommitted === undefined ? rest.byteLength === 0 : rest.equals(uncommitted.bytes),
    `handed back ${uncommitted?.bytes.byteLength ?? 0} bytes that are not the ${rest.byteLength} uncommitted ones`,
  );
  if (uncommitted !== undefined) {
    check(uncommitted.position === position, `handed back bytes for ${uncommitted.position}`);
    check(
      !uncommitted.confirmed || interference !== 'none' || found.length <= end,
      `confirmed that the object ends at ${end}, but it has ${found.length} bytes`,
    );
  }
  return problems;
}
