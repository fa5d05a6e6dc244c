import type { AppendClient } from '../../src/append/append-client.js';
import type { AppendWritableOptions } from '../../src/index.js';
import type { ReadClient } from '../../src/read/read-requests.js';
import { type Adversary, drawAdversary } from './adversary.js';
import type { Chronicle } from './chronicle.js';
import type { Limits } from './limits.js';
import { Network } from './network.js';
import type { Random } from './random.js';
import { drawRollingPlan, type RollingPlan } from './rolling-plan.js';
import { SimulatedStore } from './simulated-store.js';
import { mostWriters, strangeData } from './source.js';
import type { VirtualTime } from './virtual-time.js';

/** Most writers that append behind each other's bytes. */
const mostRebasing = 4;

/** A store, its objects, and the faults that they will meet. */
export interface World {
  readonly random: Random;
  readonly limits: Limits;
  readonly chronicle: Chronicle;
  readonly adversary: Adversary;
  readonly store: SimulatedStore;
  readonly network: Network;

  readonly time: VirtualTime;

  /** Key of the object, and its initial length; `undefined` if there is none. */
  readonly key: string;
  readonly base: number | undefined;

  /** How streams go on from object to object; `undefined` if there is one. */
  readonly plan: RollingPlan | undefined;

  /** Writers that start at once. */
  readonly writers: number;

  /** Whether somebody reads what is appended. */
  readonly isRead: boolean;

  /** Whether they append behind the bytes of others: `conflict: 'rebase'`. */
  readonly isRebasing: boolean;

  /** Whether they do nothing but contend: all have chunks at any time, and no request fails. */
  readonly isRush: boolean;

  /** Whether the user writes as fast as possible. */
  readonly isGreedy: boolean;
  readonly chunkSize: number;

  /** Moves left for the user. */
  readonly budget: { left: number };

  /** Wraps the client of each stream. */
  readonly wrap: (client: AppendClient) => AppendClient;

  /** Wraps the client of each reader. */
  readonly wrapReader: (client: ReadClient) => ReadClient;

  /** Alters the options of each stream, behind the back of its witness. */
  readonly alter: (options: Partial<AppendWritableOptions>) => Partial<AppendWritableOptions>;
}

/** Options of a life in addition to its seed. */
export interface WorldOptions {
  readonly chronicle: Chronicle;
  readonly time: VirtualTime;
  readonly limits?: Limits | undefined;
  readonly wrap?: ((client: AppendClient) => AppendClient) | undefined;
  readonly wrapReader?: World['wrapReader'] | undefined;
  readonly alter?: World['alter'] | undefined;
}

/** Draws the world of a seed, which does not depend on the writer. */
export function drawWorld(random: Random, options: WorldOptions): World {
  const { chronicle, time, limits = {} } = options;
  const { wrap = (it) => it, wrapReader = (it) => it, alter = (it) => it } = options;
  const drawn = random.fork('world');
  const base = drawn.pick([undefined, undefined, 0, 7, 40]);
  const isGreedy = drawn.chance(0.02);
  const shared = random.fork('rebase');
  const isRebasing = !isGreedy && shared.chance(0.1) && !limits.without?.has('rebase');
  const isRush = isRebasing && shared.chance(0.04);
  const usual = drawChunkSize(drawn, { isGreedy, isRebasing: false });
  const chunkSize = isRebasing ? drawChunkSize(shared, { isGreedy, isRebasing }) : usual;
  const rolled = random.fork('rollover');
  const isRolling = rolled.chance(0.5) && !isRush && !limits.without?.has('rollover');
  const plan = isRolling ? drawRollingPlan(rolled, { chunkSize, isRebasing }) : undefined;
  const terms = { isRolling, isRebasing };
  const writers = isGreedy ? 1 : drawWriters(random.fork('companions'), limits, terms);
  const adversary = drawAdversary(random.fork('adversary'), {
    ...limits,
    ...terms,
    isShared: writers > 1,
    isRush,
  });
  const isRead =
    !isRush &&
    drawReader(random.fork('reading'), { plan, writers, adversary, isGreedy }) &&
    !limits.without?.has('reader');
  const key = 'k';
  const store = new SimulatedStore({
    blame: (problem) => chronicle.blame(problem),
    mayBeEmpty: !isRolling,
    maxSize: plan?.storeLimit ?? 5 * 2 ** 30,
  });
  if (plan === undefined)
    store.put(key, base === undefined ? undefined : { bytes: strangeData(base, 1) });
  else for (const [name, object] of plan.objects) store.put(name, object);
  if (plan !== undefined) time.date = plan.startsAt;
  return {
    random,
    limits,
    chronicle,
    adversary,
    time,
    key,
    base,
    plan,
    writers,
    isRead,
    isRebasing,
    isRush,
    isGreedy,
    wrap,
    wrapReader,
    alter,
    store,
    network: new Network({
      random,
      adversary,
      limits,
      chronicle,
      isSteady: isRush && drawn.chance(0.5),
    }),
    chunkSize,
    budget: { left: limits.moves ?? Number.POSITIVE_INFINITY },
  };
}

function drawReader(
  random: Random,
  {
    plan,
    writers,
    adversary,
    isGreedy,
  }: Pick<World, 'plan' | 'writers' | 'adversary' | 'isGreedy'>,
): boolean {
  if (isGreedy) return false;
  // Most interesting where strangers change what is read.
  if (plan === undefined) return random.chance(adversary.deeds.length > 0 ? 0.25 : 0.07);
  const { keys, objects } = plan;
  const isHidden = [...objects.values()].some(({ hidden = 0 }) => hidden > 0);
  return (
    keys.isReadable &&
    !isHidden &&
    writers === 1 &&
    adversary.deeds.length === 0 &&
    random.chance(0.25)
  );
}

function drawWriters(
  random: Random,
  { without }: Limits,
  { isRolling, isRebasing }: { readonly isRolling: boolean; readonly isRebasing: boolean },
): number {
  if (without?.has('companions')) return 1;
  if (isRebasing) return random.integer(1, mostRebasing);
  return random.chance(isRolling ? 0.1 : 0.03) ? random.integer(2, mostWriters) : 1;
}

/** Draws the size of a chunk: where no record is divided, one that holds none, or several. */
export function drawChunkSize(
  random: Random,
  { isGreedy, isRebasing }: Pick<World, 'isGreedy' | 'isRebasing'>,
): number {
  if (isRebasing) return random.pick([7, 16, 64, 200]);
  return isGreedy ? random.pick([4096, 16384, 65536]) : random.pick([1, 2, 7, 16, 64]);
}

/**
 * Schedules the deeds of strangers.
 *
 * @param current Key of the object that a stream appends to at the moment.
 */
export function interfere(world: World, current: () => string): void {
  const { random, adversary, store, chunkSize, limits, chronicle } = world;
  for (const [number, deed] of adversary.deeds.entries()) {
    const drawn = random.fork(`stranger ${number}`);
    const delay = drawn.next() * drawn.pick([20, 200, 2000]);
    const act = () => {
      const history = store.history(aim(world, current(), random.fork(`aim ${number}`)));
      const visible = history.current?.bytes.length ?? 0;
      const length = {
        remakes: drawn.pick([0, visible, visible, visible + 1]),
        'appends-as-many': chunkSize,
        other: drawn.integer(1, 20),
      };
      const name = deed === 'remakes' || deed === 'appends-as-many' ? deed : 'other';
      if (!history.tamper(deed, strangeData(length[name], drawn.integer(2, 99)))) return;
      // HEAD never shows a state from before a stranger's deed.
      history.reveal(history.now);
      chronicle.count('stranger', deed);
      chronicle.tell('stranger', () => `${deed}: ${history.key} has ${history.length} bytes`);
    };
    if (!limits.without?.has(deed)) setTimeout(act, delay);
  }
}

/** The key of the object that a stranger changes: mostly the current one, or the next. */
function aim({ plan, store }: World, current: string, drawn: Random): string {
  if (plan === undefined) return current;
  const target = drawn.weighted({ current: 6, next: 3, any: 1 });
  if (target === 'next') return plan.keys.next(current);
  return target === 'any' ? drawn.pick([current, ...store.keys]) : current;
}
