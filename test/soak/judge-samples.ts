/** Whether a resource grew, and by how much. */
export interface Verdict {
  readonly isFlat: boolean;

  /** Growth from the second quarter of the run to the last. */
  readonly growth: number;

  /** Growth of the trend line from the end of the warm-up to the end of the run. */
  readonly trend: number;
}

/**
 * Judges whether a resource that was sampled at even intervals stays flat within `allowance`.
 *
 * The first quarter is warm-up: code is compiled, pools and slabs reach their size. After
 * that, neither the medians (from the second quarter to the last) nor the Theil-Sen line (from its
 * start to its end) may rise by more than the allowance. The medians detect a step and the line a
 * steady growth; both ignore a few samples taken at a bad moment.
 */
export function judgeSamples(values: readonly number[], allowance: number): Verdict {
  const quarter = Math.floor(values.length / 4);
  const settled = values.slice(quarter);
  const second = median(values.slice(quarter, 2 * quarter));
  const growth = quarter === 0 ? Number.NaN : median(values.slice(-quarter)) - second;
  const trend = medianSlope(settled) * (settled.length - 1);
  return { isFlat: growth <= allowance && trend <= allowance, growth, trend };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  const lower = sorted[middle - 1] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (lower + upper) / 2;
}

/** Median of the slopes between any two values: the slope of the Theil-Sen line. */
function medianSlope(values: readonly number[]): number {
  const slopes = values.flatMap((later, index) =>
    values.slice(0, index).map((earlier, start) => (later - earlier) / (index - start)),
  );
  return median(slopes);
}
