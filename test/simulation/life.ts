import { Chain } from './chain.js';
import { troubleClock } from './clock-trouble.js';
import { Reader } from './reading/reader.js';
import { Source } from './source.js';
import { interfere, type World } from './world.js';

/** A life: one writer, or several that share an object or have the same template of keys. */
export class Life {
  readonly #world: World;
  readonly #chains: readonly Chain[];
  readonly #reader: Reader | undefined;

  constructor(world: World) {
    this.#world = world;
    const { random, writers } = world;
    this.#chains =
      writers === 1
        ? [new Chain(world, Source.only, random)]
        : Source.several.slice(0, writers).map((source, writer) => {
            return new Chain(world, source, random.fork(`writer ${writer}`));
          });
    if (writers > 1) world.chronicle.count('life', 'companions');
    if (world.plan !== undefined) world.chronicle.count('life', 'rollover');
    if (world.isRebasing) world.chronicle.count('life', 'rebase');
    const [first] = this.#chains;
    first?.onReady(() => interfere(world, () => first.key));
    // A reader looks for objects by its own clock.
    if (world.plan?.periods !== undefined && !world.isRead) troubleClock(world);
    if (world.isRead) this.#reader = new Reader(world);
  }

  check(): void {
    for (const chain of this.#chains) chain.check();
  }

  /** Called when nothing moves any more; returns whether anything was done. */
  wake(): boolean {
    return this.#chains.some((chain) => chain.wake()) || (this.#reader?.wake() ?? false);
  }

  /** Called when nothing moves any more and `wake()` did nothing. */
  conclude(): void {
    for (const chain of this.#chains) chain.conclude();
    this.#checkOrder();
    const { store, chronicle } = this.#world;
    for (const { writerCount } of store.histories) {
      if (writerCount > 0) chronicle.count('objects', String(writerCount));
    }
  }

  /** Names tell the order of the objects, also over restarts, while the clock does not go back. */
  #checkOrder(): void {
    const { plan, writers, store, adversary, isRead, chronicle } = this.#world;
    if (plan === undefined || writers > 1 || adversary.deeds.length > 0) return;
    if (!plan.keys.isReadable || (plan.periods !== undefined && !isRead)) return;
    for (const [index, key] of store.order.entries()) {
      const before = store.order[index - 1];
      if (before === undefined || plan.keys.isBehind(key, before)) continue;
      chronicle.blame(`${key} has bytes that are behind those of ${before}`);
    }
  }
}
