import { download } from './uses/downloads.js';
import { hostile } from './uses/hostile-store.js';
import { existing, misused, refused } from './uses/refused-streams.js';
import { resent } from './uses/resent-streams.js';
import { aborted, destroyed, failingSource, stillborn } from './uses/stopped-streams.js';
import {
  appending,
  burst,
  corked,
  disposed,
  piped,
  short,
  together,
} from './uses/whole-streams.js';
import type { World } from './world.js';

const uses = {
  short,
  piped,
  burst,
  appending,
  corked,
  disposed,
  together,
  destroyed,
  aborted,
  stillborn,
  failingSource,
  download,
  existing,
  misused,
  refused,
  hostile,
  resent,
};

const weights: Readonly<Record<keyof typeof uses, number>> = {
  short: 6,
  piped: 3,
  burst: 4,
  appending: 4,
  corked: 3,
  disposed: 3,
  together: 2,
  destroyed: 4,
  aborted: 4,
  stillborn: 1,
  failingSource: 2,
  download: 3,
  existing: 1,
  misused: 0.2,
  refused: 3,
  hostile: 6,
  resent: 6,
};

/** Number of concurrent users. */
const users = 10;

/**
 * Uses streams in one way after another for `duration` milliseconds; resolves when all have ended.
 */
export async function makeTraffic(world: World, duration: number): Promise<void> {
  const end = performance.now() + duration;
  const work = async () => {
    while (performance.now() < end) await uses[world.random.weighted(weights)](world);
  };
  await Promise.all(Array.from({ length: users }, work));
}
