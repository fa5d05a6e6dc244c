/** No stream gets there: one object a second would take thirty years. */
const largestSequence = 1e9;

/** The widest gap at the start that is looked behind. */
const widestGap = 1024;

/** A sequence whose object exists, and what was found there. */
interface Found<T> {
  readonly sequence: number;
  readonly found: T;
}

/**
 * Finds the last sequence whose object exists: gallops (0, 1, 3, 7, ...) until one is missing, then
 * bisects. Asks for no sequence twice.
 *
 * If objects are missing in between, it is one that exists and is followed by one that does not.
 *
 * @param ask Resolves with what was found, or `undefined`.
 * @param options.from First sequence to ask for.
 * @param options.seeksGap If that one is missing, also ask 1, 2, 4, ... 1024 further on, each once:
 *   the first objects may have been removed.
 * @returns `undefined` if nothing was found.
 */
export async function findSequence<T>(
  ask: (sequence: number) => Promise<T | undefined>,
  { from = 0, seeksGap }: { readonly from?: number; readonly seeksGap: boolean },
): Promise<Found<T> | undefined> {
  const find = async (sequence: number): Promise<Found<T> | undefined> => {
    // A store that finds everything must not be asked for ever.
    const found = sequence > largestSequence ? undefined : await ask(sequence);
    return found === undefined ? undefined : { sequence, found };
  };

  let last = await find(from);
  if (last === undefined && seeksGap) last = await findBehindGap(find, from);
  if (last === undefined) return undefined;

  let missing: number | undefined;
  for (let step = 1; missing === undefined; step *= 2) {
    const sequence = last.sequence + step;
    const next = await find(sequence);
    if (next === undefined) missing = sequence;
    else last = next;
  }

  while (missing - last.sequence > 1) {
    const middle: number = Math.floor((last.sequence + missing) / 2);
    const next = await find(middle);
    if (next === undefined) missing = middle;
    else last = next;
  }
  return last;
}

/**
 * Asks for the sequences 1, 2, 4, ... 1024 behind one whose object is missing, until one exists.
 *
 * @returns What was found there; `undefined` if nothing was.
 */
export async function findBehindGap<T>(
  ask: (sequence: number) => Promise<T | undefined>,
  missing: number,
): Promise<T | undefined> {
  for (let gap = 1; gap <= widestGap; gap *= 2) {
    const found = await ask(missing + gap);
    if (found !== undefined) return found;
  }
  return undefined;
}
