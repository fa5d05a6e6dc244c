import type { AppendClient } from '../../src/append/append-client.js';
import { Chronicle } from './chronicle.js';
import type { Counts } from './counts.js';
import { Life } from './life.js';
import type { Limits } from './limits.js';
import { Random } from './random.js';
import { VirtualTime } from './virtual-time.js';
import { drawWorld, type World } from './world.js';

export interface SimulationOptions {
  /** Limits of the life. */
  readonly limits?: Limits | undefined;

  /** Receives every event as a line that begins with its virtual milliseconds. */
  readonly log?: ((line: string) => void) | undefined;

  /** Wraps the client of each stream. */
  readonly wrap?: ((client: AppendClient) => AppendClient) | undefined;

  /** Wraps the client of each reader. */
  readonly wrapReader?: World['wrapReader'] | undefined;

  /** Alters the options of each stream, behind the back of its witness. */
  readonly alter?: World['alter'] | undefined;
}

/** The result of one life. */
export interface SimulationResult {
  /** Events that must not happen; empty if there were none. */
  readonly problems: readonly string[];

  /** How often each event happened. */
  readonly counts: Counts;
}

/** Steps of time after which a life counts as endless. */
const mostSteps = 20_000;

/** Simulates the life of a seed; the same seed and limits give the same life. */
export async function simulate(
  seed: number,
  { limits, log, ...behind }: SimulationOptions = {},
): Promise<SimulationResult> {
  const random = new Random(seed);
  const jitter = random.fork('jitter');
  const time = new VirtualTime(() => jitter.next());
  const chronicle = new Chronicle(() => time.now, log);
  const blame = (reason: unknown) => chronicle.blame(`unhandled rejection: ${reason}`);
  process.on('unhandledRejection', blame);
  // Most errors of a life are intentional: their stack traces would cost time for nothing.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  time.install();
  try {
    await live(
      new Life(drawWorld(random, { chronicle, time, limits, ...behind })),
      time,
      chronicle,
    );
  } catch (error) {
    chronicle.blame(`exception: ${error}`);
  } finally {
    // The remaining actions of a life that was cut off must not run in the next one.
    await time.settle();
    time.uninstall();
    Error.stackTraceLimit = stackTraceLimit;
    process.off('unhandledRejection', blame);
  }
  return chronicle;
}

async function live(life: Life, time: VirtualTime, chronicle: Chronicle): Promise<void> {
  for (let steps = 0; chronicle.problems.length === 0; steps++) {
    if (steps > mostSteps) chronicle.blame('it does not end');
    await time.settle();
    life.check();
    if (time.step() || life.wake()) continue;
    life.conclude();
    return;
  }
}
