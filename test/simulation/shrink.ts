import { happenings } from './adversary.js';
import type { Counts } from './counts.js';
import type { Limits } from './limits.js';

/** What a replay of a failing life shows. */
export interface Replay {
  readonly problems: readonly string[];
  readonly counts: Counts;
}

/** Most replays that are worth it. */
const mostReplays = 100;

/**
 * Finds limits within which a life still fails, and less happens in it: fewer moves, fewer requests
 * that something befalls, and fewer kinds of what befalls them.
 *
 * @param replay Lives it again within limits.
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
  // What the other limits leave no time for need not be named.
  for (const name of best.without ?? []) {
    const without = [...(best.without ?? [])].filter((other) => other !== name);
    await keeps({ ...best, without: new Set(without) }, name);
  }
  return best;
}

/** What may be left out, of all that was counted. */
function whatHappened(counts: Counts): string[] {
  const subjects = ['append', 'head', 'get', 'network', 'stranger', 'move'] as const;
  const names = new Set(subjects.flatMap((subject) => [...counts.of(subject).keys()]));
  return happenings.filter((name) => names.has(name));
}
