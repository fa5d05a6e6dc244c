/** A stretch of bytes that is passed on or dropped at once. */
export interface RecordRun {
  readonly byteLength: number;

  /**
   * - `whole`: one or more whole records
   * - `too long`: a whole record that is longer than allowed
   * - `begun`: the beginning of such a record, whose end is to come
   */
  readonly kind: 'whole' | 'too long' | 'begun';
}

/** Divides `bytes` into runs; what is behind the last one is the beginning of a record. */
export function recordRuns(bytes: Buffer, delimiter: Uint8Array, maxLength: number): RecordRun[] {
  const runs: RecordRun[] = [];
  for (let rest = bytes; ; rest = rest.subarray(runs.at(-1)?.byteLength)) {
    // None of the records that end here can be too long.
    const last = rest.subarray(0, maxLength).lastIndexOf(delimiter);
    if (last !== -1) {
      runs.push({ byteLength: last + delimiter.byteLength, kind: 'whole' });
      continue;
    }
    if (rest.byteLength <= maxLength) return runs;
    const first = rest.indexOf(delimiter);
    if (first === -1) return [...runs, { byteLength: rest.byteLength, kind: 'begun' }];
    runs.push({ byteLength: first + delimiter.byteLength, kind: 'too long' });
  }
}

/** All of them as one, which is dropped if any of them would be. */
export function joinRuns(runs: readonly RecordRun[]): RecordRun {
  const byteLength = runs.reduce((sum, run) => sum + run.byteLength, 0);
  const isBegun = runs.at(-1)?.kind === 'begun';
  const tooLong = runs.find(({ kind }) => kind !== 'whole');
  return { byteLength, kind: isBegun ? 'begun' : (tooLong?.kind ?? 'whole') };
}
