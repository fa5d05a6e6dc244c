import { AppendWritable } from '../../src/index.js';
import { Random } from './random.js';
import { User } from './user.js';
import { VirtualTime } from './virtual-time.js';
import { Witness } from './witness.js';
import { drawWorld, interfere } from './world.js';

/** How one life of a stream went. */
export interface SimulationResult {
  /** What must not have happened; nothing, if all is well. */
  readonly problems: readonly string[];

  /** `finished`, `destroyed`, or the code of the error. */
  readonly outcome: string;

  /** How often each thing happened to a request. */
  readonly fates: ReadonlyMap<string, number>;
}

/** Steps of time after which a run that goes on will never end. */
const mostSteps = 20_000;

/**
 * Lives the life of a stream that belongs to a seed; the same seed, the same life.
 *
 * @param log Told of every event of the stream, in virtual milliseconds.
 */
export async function simulate(
  seed: number,
  log: (event: string) => void = () => {},
): Promise<SimulationResult> {
  const random = new Random(seed);
  const time = new VirtualTime(() => random.next());
  time.install();
  try {
    return await live(random, time, log);
  } finally {
    time.uninstall();
  }
}

async function live(
  random: Random,
  time: VirtualTime,
  log: (event: string) => void,
): Promise<SimulationResult> {
  const world = drawWorld(random);
  const { adversary, client, base, chunkSize } = world;
  const controller = new AbortController();
  const stream = new AppendWritable({
    ...{ client, key: 'k', chunkSize, signal: controller.signal },
    flushInterval: random.pick([0, 5, 50, 1000, Number.POSITIVE_INFINITY]),
    verify: random.pick(['crc64', 'none']),
    position: random.chance(0.1) ? (base ?? 0) : undefined,
    requestTimeout: random.pick([50, 300, 60_000]),
    retry: {
      retries: adversary.isSurvivable ? Number.POSITIVE_INFINITY : random.integer(0, 8),
      minTimeout: random.pick([0, 20, 200]),
      maxTimeout: 2000,
    },
  });
  for (const event of ['ready', 'retry', 'reconcile', 'commit', 'error', 'finish', 'close']) {
    stream.on(event as 'close', (...payload: unknown[]) => {
      log(`${time.now.toFixed(3)} ${event} ${payload.map(describe).join(' ')}`);
    });
  }
  const user = new User(stream, { random, chunkSize, abort: () => controller.abort() });
  const witness = new Witness(stream, { ...world, user });
  user.start();
  stream.once('ready', () => interfere(world));

  for (let steps = 0; ; steps++) {
    await time.settle(2);
    // Streams take a few turns for what they do; before the end there is time for that.
    if (time.isIdle) await time.settle(20);
    witness.check();
    if (witness.problems.length > 0 || steps > mostSteps || !time.step()) break;
  }
  witness.conclude(adversary.isSurvivable);
  return { problems: witness.problems, outcome: witness.outcome, fates: client.fates };
}

function describe(payload: unknown): string {
  if (payload instanceof Error) return `${payload.name}: ${payload.message}`;
  return JSON.stringify(payload, (_, value) => (value instanceof Error ? value.message : value));
}
