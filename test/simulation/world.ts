import type { AppendClient } from '../../src/append/append-client.js';
import { type Adversary, drawAdversary } from './adversary.js';
import type { Chronicle } from './chronicle.js';
import type { Limits } from './limits.js';
import { Network } from './network.js';
import { ObjectHistory } from './object-history.js';
import type { Random } from './random.js';
import { SimulatedStore } from './simulated-store.js';
import { strangeData } from './source-data.js';

/** An object, a store that holds it, and what is to befall them. */
export interface World {
  readonly random: Random;
  readonly limits: Limits;
  readonly chronicle: Chronicle;
  readonly adversary: Adversary;
  readonly history: ObjectHistory;
  readonly store: SimulatedStore;
  readonly network: Network;

  /** Bytes in the object before anybody of ours came; `undefined` where there was none. */
  readonly base: number | undefined;

  /** Whether a producer is at work that writes as fast as he may. */
  readonly isGreedy: boolean;
  readonly chunkSize: number;

  /** Moves that the user may still make. */
  readonly budget: { left: number };

  /** What comes between a stream and its client. */
  readonly wrap: (client: AppendClient) => AppendClient;
}

/** How to live a life in another way than its seed alone says. */
export interface WorldOptions {
  readonly chronicle: Chronicle;
  readonly limits?: Limits | undefined;
  readonly wrap?: ((client: AppendClient) => AppendClient) | undefined;
}

/** Draws the world of a seed, the same one whoever writes in it. */
export function drawWorld(random: Random, options: WorldOptions): World {
  const { chronicle, limits = {}, wrap = (client) => client } = options;
  const adversary = drawAdversary(random.fork('adversary'), limits);
  const drawn = random.fork('world');
  const base = drawn.pick([undefined, undefined, 0, 7, 40]);
  const isGreedy = drawn.chance(0.02);
  const blame = (problem: string) => chronicle.blame(problem);
  const history = new ObjectHistory(base === undefined ? undefined : strangeData(base, 1), blame);
  return {
    random,
    limits,
    chronicle,
    adversary,
    history,
    base,
    isGreedy,
    wrap,
    store: new SimulatedStore(history, blame),
    network: new Network({ random, adversary, limits, chronicle }),
    chunkSize: drawChunkSize(drawn, isGreedy),
    budget: { left: limits.moves ?? Number.POSITIVE_INFINITY },
  };
}

/** Draws the size of a chunk. */
export function drawChunkSize(random: Random, isGreedy: boolean): number {
  return isGreedy ? random.pick([4096, 16384, 65536]) : random.pick([1, 2, 7, 16, 64]);
}

/** Lets strangers do what they are up to, sooner or later. */
export function interfere(world: World): void {
  const { random, adversary, history, store, chunkSize, limits, chronicle } = world;
  for (const [number, deed] of adversary.deeds.entries()) {
    const drawn = random.fork(`stranger ${number}`);
    const delay = drawn.next() * drawn.pick([20, 200, 2000]);
    const act = () => {
      const length = {
        remakes: drawn.pick([0, history.length, history.length, history.length + 1]),
        'appends-as-many': chunkSize,
        other: drawn.integer(1, 20),
      };
      const name = deed === 'remakes' || deed === 'appends-as-many' ? deed : 'other';
      if (!history.tamper(deed, strangeData(length[name], drawn.integer(2, 99)))) return;
      // Nothing of that is ever hidden.
      store.reveal(history.now);
      chronicle.count('stranger', deed);
      chronicle.tell('stranger', () => `${deed}: ${history.length} bytes are there`);
    };
    if (!limits.without?.has(deed)) setTimeout(act, delay);
  }
}
