import type { AppendClient } from '../../src/append/append-client.js';
import { Chronicle } from './chronicle.js';
import type { Counts } from './counts.js';
import { Life } from './life.js';
import type { Limits } from './limits.js';
import { Random } from './random.js';
import { VirtualTime } from './virtual-time.js';
import { drawWorld } from './world.js';

export interface SimulationOptions {
  /** What is held back of the life. */
  readonly limits?: Limits | undefined;

  /** Told of everything that happens, in virtual milliseconds. */
  readonly log?: ((line: string) => void) | undefined;

  /** Puts something between each stream and its client. */
  readonly wrap?: ((client: AppendClient) => AppendClient) | undefined;
}

/** How one life went. */
export interface SimulationResult {
  /** What must not have happened; nothing, if all is well. */
  readonly problems: readonly string[];

  /** How often each thing happened. */
  readonly counts: Counts;
}

/** Steps of time after which a life that goes on will never end. */
const mostSteps = 20_000;

/** Lives the life that belongs to a seed; the same seed and limits, the same life. */
export async function simulate(
  seed: number,
  { limits, log, wrap }: SimulationOptions = {},
): Promise<SimulationResult> {
  const random = new Random(seed);
  const jitter = random.fork('jitter');
  const time = new VirtualTime(() => jitter.next());
  const chronicle = new Chronicle(() => time.now, log);
  const blame = (reason: unknown) => chronicle.blame(`nobody handles ${reason}`);
  process.on('unhandledRejection', blame);
  // Most errors of a life are made on purpose, and nobody asks where.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  time.install();
  try {
    await live(new Life(drawWorld(random, { chronicle, limits, wrap })), time, chronicle);
  } catch (error) {
    chronicle.blame(`it throws ${error}`);
  } finally {
    // What a life still does that was broken off must not reach into the next one.
    await time.settle(20);
    time.uninstall();
    Error.stackTraceLimit = stackTraceLimit;
    process.off('unhandledRejection', blame);
  }
  return chronicle;
}

async function live(life: Life, time: VirtualTime, chronicle: Chronicle): Promise<void> {
  for (let steps = 0; chronicle.problems.length === 0; steps++) {
    if (steps > mostSteps) chronicle.blame('it goes on for ever');
    await time.settle(2);
    // Streams take a few turns for what they do; before the end there is time for that.
    if (time.isIdle) await time.settle(20);
    life.check();
    if (time.step() || life.wake()) continue;
    life.conclude();
    return;
  }
}
