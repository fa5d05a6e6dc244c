import type { Adversary, Weights } from './adversary.js';
import type { Chronicle } from './chronicle.js';
import { Exchange } from './exchange.js';
import type { Limits } from './limits.js';
import type { Random } from './random.js';

interface Surroundings {
  readonly random: Random;
  readonly adversary: Adversary;
  readonly limits: Limits;
  readonly chronicle: Chronicle;

  /** Whether every request takes as long. */
  readonly isSteady: boolean;
}

/** A bad network in front of a store: decides the fate of every request of a life. */
export class Network {
  readonly #surroundings: Surroundings;
  #requests = 0;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  /** @param what Describes the request for the log. */
  begin<Fate extends string>(
    kind: 'append' | 'head' | 'get' | 'seal' | 'read',
    weights: Weights<Fate | 'answered' | 'forbidden'>,
    what: () => string,
  ): Exchange<Fate | 'answered' | 'forbidden'> {
    const { adversary, limits, chronicle, isSteady } = this.#surroundings;
    const number = ++this.#requests;
    const random = this.#surroundings.random.fork(number);
    const drawn = random.weighted(weights);
    const isDeaf = random.chance(0.1) && !limits.without?.has('deaf');
    const isForbidden = adversary.isBlind && kind !== 'append';
    const isSpared = number > adversary.patience || limits.without?.has(drawn);
    const fate = isForbidden ? 'forbidden' : isSpared ? 'answered' : drawn;
    if (isForbidden) chronicle.count('network', 'blind');
    else chronicle.count(kind, fate);
    chronicle.tell(`request ${number}`, () => `${what()}: ${fate}`);
    return new Exchange(number, fate, { random, isDeaf, isSteady });
  }
}
