/** Random numbers that a seed reproduces. */
export class Random {
  readonly #seed: number;
  #state: number;

  constructor(seed: number) {
    this.#seed = seed;
    // Spreads neighbouring seeds far apart.
    this.#state = Math.imul(seed + 1, 0x9e3779b1) >>> 0;
  }

  /** Numbers for one purpose, which do not depend on how many are drawn for others. */
  fork(purpose: string | number): Random {
    let seed = this.#seed ^ 0x811c9dc5;
    for (const character of String(purpose)) {
      seed = Math.imul(seed ^ character.charCodeAt(0), 0x01000193);
      seed ^= seed >>> 13;
    }
    return new Random(Math.imul(seed, 0x85ebca6b) >>> 0);
  }

  /** A number from 0, included, to 1, excluded. */
  next(): number {
    // mulberry32, by Tommy Ettinger, in the public domain.
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from `least` to `most`, both included. */
  integer(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.integer(0, choices.length - 1)] as T;
  }

  /** Picks by weight; never one of weight 0. */
  weighted<Name extends string>(weights: Readonly<Partial<Record<Name, number>>>): Name {
    const names = Object.keys(weights) as Name[];
    let rest = this.next() * names.reduce((sum, name) => sum + (weights[name] ?? 0), 0);
    for (const name of names) {
      rest -= weights[name] ?? 0;
      if (rest < 0) return name;
    }
    return names.findLast((name) => (weights[name] ?? 0) > 0) as Name;
  }
}
