import { type Adversary, drawAdversary } from './adversary.js';
import { ObjectHistory } from './object-history.js';
import type { Random } from './random.js';
import { SimulatedClient } from './simulated-client.js';
import { strangeData } from './source-data.js';

/** An object, a store that holds it, and what is to befall them. */
export interface World {
  readonly random: Random;
  readonly adversary: Adversary;
  readonly history: ObjectHistory;
  readonly client: SimulatedClient;

  /** Bytes in the object before anybody of ours came; `undefined` where there was none. */
  readonly base: number | undefined;
  readonly chunkSize: number;
}

/** Draws the world of a seed. Whoever writes in it, the first draws are the same. */
export function drawWorld(random: Random): World {
  const adversary = drawAdversary(random);
  const base = random.pick([undefined, undefined, 0, 7, 40]);
  const history = new ObjectHistory(base === undefined ? undefined : strangeData(base, 1));
  const client = new SimulatedClient(history, adversary);
  return { random, adversary, history, client, base, chunkSize: random.pick([1, 2, 7, 16, 64]) };
}

/** Lets strangers do what they are up to, sooner or later. */
export function interfere({ random, adversary, history, client, chunkSize }: World): void {
  for (const deed of adversary.deeds) {
    const act = () => {
      const length = deed === 'append-as-many' ? chunkSize : random.integer(1, 20);
      const how = deed === 'append-as-many' ? 'append' : deed;
      history.tamper(how, strangeData(length, random.integer(0, 99)));
      client.tampered();
      client.fates.set(deed, (client.fates.get(deed) ?? 0) + 1);
    };
    setTimeout(act, random.next() * random.pick([20, 200, 2000]));
  }
}
