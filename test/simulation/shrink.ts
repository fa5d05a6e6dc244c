import { happenings } from './adversary.js';
import type { Counts } from './counts.js';
import type { Limits } from './limits.js';

/** The result of a replay. */
export interface Replay {
  readonly problems: readonly string[];
  readonly counts: Counts;
}

/** Most replays to try. */
const mostReplays = 100;

/**
 * Finds limits within which a life still fails while less happens in it: fewer moves, fewer
 * requests with faults, and fewer kinds of faults.
 *
 * @param replay Replays the life within limits.
 * @returns The limits, those of the whole life if it does not fail.
 */
export async function shrink(replay: (limits: Limits) => Promise<Replay>): Promise<Limits> {
  let replaysLeft = mostReplays;
  let best: Limits = {};
  let last = await replay(best);

  /** Keeps `limits` if the life still fails within them, and `without` does not happen. */
  const keeps = async (limits: Limits, without?: string): Promise<boolean> => {
    if (--replaysLeft < 0) return false;
    const result = await replay(limits);
    if (result.problems.length === 0) return false;
    if (without !== undefined && whatHappened(result.counts).includes(without)) return false;
    best = limits;
    last = result;
    return true;
  };

  const lower = async (name: 'moves' | 'patience', most: number): Promise<void> => {
    let least = 0;
    for (let greatest = best[name] ?? most; least < greatest; ) {
      const middle = Math.floor((least + greatest) / 2);
      if (await keeps({ ...best, [name]: middle })) greatest = middle;
      else least = middle + 1;
    }
  };

  if (last.problems.length === 0) return best;
  for (let before: Limits | undefined; before !== best && replaysLeft > 0; ) {
    before = best;
    await lower('moves', last.counts.sum('move'));
    await lower('patience', last.counts.sum('append', 'head', 'get', 'network'));
    for (const name of whatHappened(last.counts)) {
      await keeps({ ...best, without: new Set([...(best.without ?? []), name]) }, name);
    }
  }
  // Events that the other limits prevent need not be named.
  for (const name of best.without ?? []) {
    const without = [...(best.without ?? [])].filter((other) => other !== name);
    await keeps({ ...best, without: new Set(without) }, name);
  }
  return best;
}

/** Counted events that may be left out. */
function whatHappened(counts: Counts): string[] {
  const subjects = [
    'append',
    'head',
    'get',
    'network',
    'stranger',
    'life',
    'clock',
    'move',
  ] as const;
  const names = new Set(subjects.flatMap((subject) => [...counts.of(subject).keys()]));
  return happenings.filter((name) => names.has(name));
}
