import type { Random } from './random.js';

/** What becomes of an append. */
export type AppendFate =
  | 'answered'
  | 'without-crc'
  | 'request-lost'
  | 'answer-lost'
  | 'applied-late'
  | 'applied-in-part'
  | 'failed-before'
  | 'failed-after'
  | 'throttled'
  | 'sent-twice'
  | 'refused'
  | 'forbidden'
  | 'wrong-crc';

/** What becomes of a question. */
export type HeadFate = 'answered' | 'without-crc' | 'stale' | 'lost' | 'throttled' | 'forbidden';

export type Deed = 'append' | 'append-as-many' | 'delete' | 'replace' | 'seal';

/** How a run is made difficult. */
export interface Adversary {
  readonly random: Random;

  /** Whether everything that happens is survived by a writer that has patience. */
  readonly isSurvivable: boolean;

  /** Requests after which nothing more goes wrong. */
  readonly patience: number;

  /** HEAD is never allowed. */
  readonly isBlind: boolean;
  readonly appends: Readonly<Partial<Record<AppendFate, number>>>;
  readonly heads: Readonly<Partial<Record<HeadFate, number>>>;

  /** What strangers do to the object, one after the other. */
  readonly deeds: readonly Deed[];
}

const survivableAppends = {
  ...{ 'without-crc': 1, 'request-lost': 4, 'answer-lost': 8, 'applied-late': 6 },
  ...{ 'applied-in-part': 2, 'failed-before': 3, 'failed-after': 4, throttled: 2, 'sent-twice': 2 },
} as const;

const survivableHeads = { 'without-crc': 1, stale: 4, lost: 4, throttled: 2 } as const;

/**
 * A proxy that asks twice makes a 409 the first answer. With a stranger who appends in between, or
 * a store that tells wrong checksums, nobody could tell then whose bytes are there.
 */
const loneProxy = { 'sent-twice': 0 } as const;

/** Draws an adversary; every third is one that patience survives. */
export function drawAdversary(random: Random): Adversary {
  const isSurvivable = random.chance(0.4);
  const calm = random.pick([3, 10, 30, 100]);
  const hostile = isSurvivable ? {} : { refused: 1, forbidden: 1, 'wrong-crc': 0.5 };
  const strangers = isSurvivable || random.chance(0.5) ? 0 : random.integer(1, 3);
  return {
    random,
    isSurvivable,
    patience: random.integer(0, 40),
    isBlind: random.chance(0.1),
    appends: {
      answered: calm,
      ...survivableAppends,
      ...hostile,
      ...(isSurvivable ? {} : loneProxy),
    },
    heads: { answered: calm, ...survivableHeads, ...(isSurvivable ? {} : { forbidden: 1 }) },
    deeds: Array.from({ length: strangers }, () =>
      random.pick(['append', 'append-as-many', 'append-as-many', 'delete', 'replace', 'seal']),
    ),
  };
}
