import { setTimeout as wait } from 'node:timers/promises';
import { Random } from '../simulation/random.js';
import { checkSample, type Holdings } from './check-sample.js';
import { Residents } from './residents.js';
import { countHandles, OpenSockets, type Sample, takeSample } from './resources.js';
import { Store } from './store.js';
import type { Tally } from './tally.js';
import { makeTraffic } from './traffic.js';
import { Violation } from './violation.js';
import { calm, drawWeather } from './weather.js';
import { mostAtOnce, World } from './world.js';

export interface SoakResult {
  readonly samples: readonly Sample[];

  /** Unexpected resources at quiet points and after the end. */
  readonly leftovers: readonly string[];
  readonly tally: Tally;

  /** RSS of the emulator's process at the end, in bytes. */
  readonly storeRss: number;
}

export interface SoakOptions {
  /** Approximate milliseconds of traffic. */
  readonly duration: number;
  readonly seed: number;

  /** Ends the traffic early. */
  readonly isOver: () => boolean;
}

/** Quiet points in a long run, and the least in any run. */
const samplesWanted = 100;
const leastSamples = 8;

/** Leftovers after which the run ends early. */
const mostLeftovers = 10;

/** Milliseconds after which a stream counts as hanging. */
const patience = 120_000;

/** Milliseconds that resources may take to be released. */
const settlingTime = 1000;

/**
 * Uses streams in all ways at once, under changing faults, and samples the resources of the process
 * whenever all streams but the residents have ended.
 *
 * @throws {Violation} If a stream breaks a guarantee.
 */
export async function runSoak({ duration, seed, isOver }: SoakOptions): Promise<SoakResult> {
  const random = new Random(seed);
  const handlesAtStart = countHandles();
  const sockets = new OpenSockets();
  const store = await Store.start(seed);
  const world = await World.create(random, store);
  const handles = countHandles();
  let residents: Residents | undefined = new Residents(world);
  const { timers, ...counts } = residents.count;
  // The emulator's process, the channel to it, and timers of residents. Idle connections, as many
  // as there were requests at once, stay open too, but do not keep the process alive.
  const held = {
    handles: { ...handles, Timeout: timers },
    ...counts,
    clients: 1,
    mostSockets: mostAtOnce,
  };

  const samples: Sample[] = [];
  const leftovers: string[] = [];
  const end = performance.now() + duration;
  const stretch = Math.min(Math.max(duration / samplesWanted, 300), 5000);
  while (performance.now() < end || samples.length < leastSamples) {
    if (isOver() || leftovers.length >= mostLeftovers) break;
    await store.call('setWeather', drawWeather(random));
    await watched(
      world,
      Promise.all([makeTraffic(world, stretch), residents.trickle(stretch)]),
      stretch + patience,
    );
    await tidy(world);
    samples.push(await settle(held));
  }

  await watched(world, residents.end(), patience);
  residents = undefined;
  const { rss: storeRss } = await tidy(world);
  await world.sharedClient.close();
  await settle({ handles, listeners: 0, streams: 0, clients: 1, mostSockets: 0 });
  await store.close();
  await settle({ handles: handlesAtStart, listeners: 0, streams: 0, clients: 1, mostSockets: 0 });
  return { samples, leftovers, tally: world.tally, storeRss };

  /** Samples until the process holds the expected resources, at most for `settlingTime`. */
  async function settle(expected: Holdings): Promise<Sample> {
    const until = performance.now() + settlingTime;
    for (;;) {
      const sample = await takeSample(world, sockets);
      const problems = checkSample(sample, expected);
      const { at } = sample;
      if (problems.length > 0 && at < until) {
        await wait(20);
        continue;
      }
      for (const problem of problems)
        leftovers.push(`after ${(at / 1000).toFixed(1)} s: ${problem}`);
      return sample;
    }
  }
}

/**
 * Waits for `work` of streams.
 *
 * @throws {Violation} If one of them hangs for `timeout` milliseconds, or fails unexpectedly.
 */
async function watched(world: World, work: Promise<unknown>, timeout: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const hanging = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(hangingError(world)), timeout);
  });
  try {
    await Promise.race([work, hanging]);
  } catch (error) {
    const failed = [...world.underway].find(({ stream }) => stream.errored === error);
    throw (await failed?.violation(['had to survive this'], { error })) ?? error;
  } finally {
    clearTimeout(timer);
  }
}

function hangingError({ underway }: World): Violation {
  const writers = [...underway].map((writer) => writer.describe());
  return new Violation(`A stream hangs, one of these:\n${writers.join('\n')}`);
}

/** Clears the faults, tallies the requests, and deletes the objects that are no longer needed. */
async function tidy({ overdue, store, tally }: World): Promise<{ rss: number }> {
  await store.call('setWeather', calm);
  const { requests, faults, rss } = await store.call('account');
  tally.addRequests(requests, faults);
  await store.call('forget', overdue.splice(0));
  return { rss };
}
