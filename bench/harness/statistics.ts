/** Samples of one figure, in the order of the repeats. */
export interface Summary {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly samples: readonly number[];
}

export function summarize(samples: readonly number[]): Summary {
  return {
    median: median(samples),
    least: Math.min(...samples),
    most: Math.max(...samples),
    samples: samples.map((sample) => Number(sample.toPrecision(5))),
  };
}

/** Divides pair by pair, because only figures of the same repeat are comparable. */
export function ratios(own: readonly number[], theirs: readonly number[]): Summary {
  return summarize(own.map((sample, repeat) => sample / (theirs[repeat] ?? Number.NaN)));
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which `share` (0 to 1) of the values lie. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
