/** One way to do the work; returns the bytes it moved. */
export interface Variant {
  readonly name: string;
  run(): Promise<number>;
}

export interface Measurement {
  readonly name: string;

  /** MB/s of each repeat, in order. */
  readonly rates: readonly number[];

  /** Rate divided by that of the first variant in the same repeat. */
  readonly ratios: readonly number[];
}

/**
 * Runs the variants in turn, `repeats` times after one round of warm-up. Only the ratios inside one
 * repeat mean anything: the machine's speed drifts.
 */
export async function alternate(
  variants: readonly Variant[],
  repeats: number,
): Promise<Measurement[]> {
  const rates: number[][] = variants.map(() => []);
  for (let repeat = -1; repeat < repeats; repeat++) {
    for (const [index, variant] of variants.entries()) {
      const started = performance.now();
      const byteLength = await variant.run();
      const seconds = (performance.now() - started) / 1000;
      if (repeat >= 0) rates[index]?.push(byteLength / 1e6 / seconds);
    }
  }
  const baseline = rates[0] ?? [];
  return variants.map(({ name }, index) => {
    const own = rates[index] ?? [];
    return { name, rates: own, ratios: own.map((rate, repeat) => rate / (baseline[repeat] ?? 1)) };
  });
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
