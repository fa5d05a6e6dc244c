import { AppendReadable } from '../../../src/index.js';
import type { Weights } from '../adversary.js';
import { Network } from '../network.js';
import type { Random } from '../random.js';
import type { World } from '../world.js';
import { type ReadFate, SimulatedReadClient } from './read-client.js';
import { ReadWitness } from './read-witness.js';

const fates: Weights<ReadFate> = {
  slow: 2,
  'without-crc': 1,
  lost: 3,
  throttled: 2,
  cut: 2,
  broken: 2,
};

/** HEADs that find nothing new before a reader counts as having read everything. */
const mostQuietLooks = 25;

type Consume = (stream: AppendReadable, random: Random, take: (bytes: Buffer) => void) => void;

/** How an application may take the bytes, now and then with a pause. */
const ways: readonly Consume[] = [
  (stream, random, take) => {
    stream.on('data', (bytes: Buffer) => {
      take(bytes);
      if (!random.chance(0.1)) return;
      stream.pause();
      setTimeout(() => stream.resume(), random.next() * 3000);
    });
  },
  (stream, random, take) => {
    const takeAll = () => {
      for (let bytes = stream.read(); bytes !== null; bytes = stream.read()) take(bytes);
    };
    stream.on('readable', () => {
      if (random.chance(0.1)) setTimeout(takeAll, random.next() * 3000);
      else takeAll();
    });
  },
  (stream, _random, take) => {
    stream.on('readable', () => {
      const bytes = stream.read();
      if (bytes !== null) take(bytes);
    });
  },
];

/**
 * Reads what the writers of a life append, while they do: some read on where another has stopped.
 * When nothing moves any more, one reads everything to its end.
 */
export class Reader {
  readonly #world: World;
  readonly #random: Random;
  readonly #network: Network;
  readonly #witness: ReadWitness;

  /** Answers to HEADs since the last bytes. */
  #looks = 0;
  #stream: AppendReadable | undefined;
  #isLast = false;

  constructor(world: World) {
    const { adversary, chronicle, limits, time } = world;
    this.#world = world;
    this.#random = world.random.fork('reader');
    this.#network = new Network({
      random: this.#random,
      // Its writer may be forbidden to read.
      adversary: { ...adversary, isBlind: false },
      isSteady: false,
      limits,
      chronicle,
    });
    this.#witness = new ReadWitness(world);
    chronicle.count('life', 'reader');
    const delay = this.#random.next() * this.#random.pick([0, 100, 2000]);
    setTimeout(() => this.#open(true), time.now === 0 && delay < 1 ? 1 : delay);
  }

  /** Called when nothing else moves any more: reads everything to its end. */
  wake(): boolean {
    // One that follows polls, and one that does not comes to the end.
    if (this.#stream?.destroyed === false) this.#witness.stuck();
    if (this.#isLast || !this.#witness.canReadAll) return false;
    this.#isLast = true;
    this.#open(false);
    return true;
  }

  #open(isFollowing: boolean): void {
    const { store, chronicle, adversary, plan, key } = this.#world;
    const random = this.#random;
    const isTelling = adversary.deeds.length > 0;
    const client = new SimulatedReadClient({
      store,
      network: this.#network,
      fates: {
        answered: random.pick([3, 10, 30]),
        ...fates,
        ...(isTelling && { 'without-crc': 0 }),
      },
      onLook: () => this.#look(),
    });
    const { interval } = plan?.periods ?? {};
    const stream = new AppendReadable({
      client: this.#world.wrapReader(client),
      key: plan === undefined ? key : (plan.keys.key as string),
      follow: isFollowing && { pollInterval: random.pick([10, 1000]), maxPollInterval: 5000 },
      ...(plan && {
        // The keys tell it everything that it needs of the interval.
        rollover: {
          interval: typeof interval === 'number' ? undefined : interval,
          timeZone: plan.timeZone,
        },
        lag: 0,
      }),
      ...this.#witness.begin(isFollowing && random.chance(0.5)),
      retry: { retries: 1000, minTimeout: 10, maxTimeout: 1000 },
      requestTimeout: 5000,
      highWaterMark: random.pick([1, 64, 65_536]),
    });
    this.#stream = stream;
    this.#looks = 0;
    chronicle.tell('reader', () => (isFollowing ? 'follows' : 'reads to the end'));
    random.pick(ways)(stream, random, (bytes) => {
      this.#looks = 0;
      chronicle.tell('reader', () => `${bytes.length} bytes of ${stream.key}`);
      this.#witness.read(bytes, stream.key);
    });
    stream.on('error', (error) => {
      chronicle.tell('reader', () => `error: ${error.message}`);
      this.#witness.failed(error);
    });
    stream.on('end', () => this.#witness.ended(stream.key));
    stream.on('close', () => chronicle.tell('reader', () => 'close'));
    if (!isFollowing || !random.chance(0.2)) return;
    setTimeout(() => {
      if (!stream.destroyed) chronicle.count('read', 'destroyed');
      stream.destroy();
    }, random.next() * 5000);
  }

  /** A HEAD has been answered. */
  #look(): void {
    const stream = this.#stream;
    if (++this.#looks < mostQuietLooks || stream === undefined) return;
    const { changes } = this.#world.store;
    // When the answer has been looked at.
    setTimeout(() => {
      if (stream.destroyed || this.#looks < mostQuietLooks) return;
      this.#looks = 0;
      if (this.#world.store.changes !== changes || !this.#witness.isQuiet(stream.key)) return;
      this.#world.chronicle.count('read', 'stopped');
      stream.destroy();
    }, 200);
  }
}
