/** Runs all functions, at most `most` at once; the results are in the order of `runs`. */
export async function inParallel<T>(
  runs: readonly (() => Promise<T>)[],
  most: number,
): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const work = async () => {
    for (let index = next++; index < runs.length; index = next++) {
      results[index] = await (runs[index] as () => Promise<T>)();
    }
  };
  await Promise.all(Array.from({ length: most }, work));
  return results;
}
