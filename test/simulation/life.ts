import { Chain } from './chain.js';
import { Source } from './source.js';
import { interfere, type World } from './world.js';

/** A life: one writer, or several that share an object. */
export class Life {
  readonly #chains: readonly Chain[];

  constructor(world: World) {
    const { random, writers } = world;
    this.#chains =
      writers === 1
        ? [new Chain(world, Source.only, random)]
        : Source.several.slice(0, writers).map((source, writer) => {
            return new Chain(world, source, random.fork(`writer ${writer}`));
          });
    if (writers > 1) world.chronicle.count('life', 'companions');
    this.#chains[0]?.onReady(() => interfere(world));
  }

  check(): void {
    for (const chain of this.#chains) chain.check();
  }

  /** Called when nothing moves any more; returns whether anything was done. */
  wake(): boolean {
    return this.#chains.some((chain) => chain.wake());
  }

  /** Called when nothing moves any more and `wake()` did nothing. */
  conclude(): void {
    for (const chain of this.#chains) chain.conclude();
  }
}
