import type { Limits } from './limits.js';
import type { Random } from './random.js';

/** The fate of an append. */
export type AppendFate =
  | 'answered'
  | 'slow'
  | 'without-crc'
  | 'without-length'
  | 'garbled'
  | 'request-lost'
  | 'answer-lost'
  | 'applied-late'
  | 'applied-in-part'
  | 'failed-before'
  | 'failed-after'
  | 'throttled'
  | 'early-conflict'
  | 'echoed'
  | 'sent-twice'
  | 'refused'
  | 'forbidden'
  | 'wrong-crc';

/** The fate of a HEAD. */
export type HeadFate =
  | 'answered'
  | 'slow'
  | 'without-crc'
  | 'garbled'
  | 'stale'
  | 'lost'
  | 'throttled'
  | 'forbidden'
  | 'refused';

/** The fate of a GET. */
export type GetFate = 'answered' | 'cut' | 'broken' | 'lost' | 'throttled' | 'forbidden';

/** What another writer, the stranger, does to the object. */
export type Deed =
  | 'appends'
  | 'appends-as-many'
  | 'deletes'
  | 'remakes'
  | 'replaces'
  | 'seals'
  | 'retains';

/** What happens to the clock of a computer, or to a process. */
export type ClockTrouble = 'leaps' | 'goes-back' | 'strays' | 'stops';

export type Weights<Fate extends string> = Readonly<Partial<Record<Fate, number>>>;

/**
 * How a life is made difficult, while the stream can still find out what happened:
 * - With a proxy that sends an append twice, the first answer is a 409 or another refusal. Whose
 *   bytes the object has is known only if nobody else appends or seals it and checksums are right.
 * - An object that a stranger made exactly as long as ours differs only in its checksum.
 * - Bytes without a checksum must be read back, which needs the permission to read.
 * - Of a part of a chunk, with others' bytes behind it, a stream with several objects would take the
 *   whole to the next one, and one that shares objects to the end. OSS stores an append as a whole or
 *   not at all.
 */
export interface Adversary {
  /** Whether a writer with endless retries survives everything that happens. */
  readonly isSurvivable: boolean;

  /** Whether every answer has the checksum, and the stream must verify it. */
  readonly isTelling: boolean;

  /** Number of requests after which no fault occurs any more. */
  readonly patience: number;

  /** Whether reading is never permitted. */
  readonly isBlind: boolean;

  /** Whether the store returns no checksums. */
  readonly isMute: boolean;
  readonly appends: Weights<AppendFate>;
  readonly heads: Weights<HeadFate>;
  readonly gets: Weights<GetFate>;

  /** Deeds of strangers. */
  readonly deeds: readonly Deed[];
}

const appends: Weights<AppendFate> = {
  slow: 2,
  'without-crc': 1,
  'without-length': 1,
  garbled: 1,
  echoed: 2,
  'sent-twice': 2,
  'request-lost': 4,
  'answer-lost': 8,
  'applied-late': 6,
  'applied-in-part': 2,
  'failed-before': 3,
  'failed-after': 4,
  throttled: 2,
  'early-conflict': 1,
};

const heads: Weights<HeadFate> = {
  slow: 2,
  'without-crc': 1,
  garbled: 1,
  stale: 4,
  lost: 4,
  throttled: 2,
};

const gets: Weights<GetFate> = { cut: 1, broken: 1, lost: 1, throttled: 1 };

/** No number of retries survives these. */
const hostileAppends: Weights<AppendFate> = { refused: 1, forbidden: 1, 'wrong-crc': 0.5 };
const hostileHeads: Weights<HeadFate> = { forbidden: 1, refused: 0.5 };
const hostileGets: Weights<GetFate> = { forbidden: 1 };

const deedWeights: Weights<Deed> = {
  appends: 1,
  'appends-as-many': 2,
  deletes: 2,
  remakes: 1,
  replaces: 1,
  seals: 1,
  retains: 1,
};

export const clockTroubles: Weights<ClockTrouble> = {
  leaps: 4,
  'goes-back': 2,
  strays: 1,
  stops: 1,
};

/** All names that `--without` accepts. */
export const happenings: readonly string[] = [
  ...new Set([
    ...Object.keys({ ...appends, ...hostileAppends, ...heads, ...hostileHeads }),
    ...Object.keys({ ...gets, ...hostileGets, ...deedWeights }),
    ...[
      'deaf',
      'blind',
      'mute',
      'impulses',
      'resumptions',
      'companions',
      'rollover',
      'rebase',
      'reader',
    ],
    ...Object.keys(clockTroubles),
  ]),
];

/** Limits, and what the writers do. */
export interface AdversaryOptions extends Limits {
  /** Whether several share the objects. */
  readonly isShared: boolean;

  /** Whether they go on from object to object. */
  readonly isRolling: boolean;

  /** Whether they append behind the bytes of others. */
  readonly isRebasing: boolean;

  /** Whether nothing may go wrong. */
  readonly isRush: boolean;
}

/** Draws an adversary; two of five are survivable. */
export function drawAdversary(
  random: Random,
  { patience, without, isShared, isRolling, isRebasing, isRush }: AdversaryOptions,
): Adversary {
  const isSurvivable = random.chance(0.4) || isRush;
  const deeds = drawDeeds(random, isSurvivable);
  const isTelling = deeds.includes('remakes');
  const isBlind = random.chance(0.1) && !isRush;
  const isMute = random.chance(0.05) && !isTelling && !isBlind;
  const calm = random.pick([3, 10, 30, 100]);
  const left = random.chance(0.5) ? ['sent-twice'] : ['wrong-crc'];
  if (isTelling || isBlind) left.push('without-crc');
  if (isTelling || isShared || deeds.some((deed) => deed !== 'deletes')) left.push('sent-twice');
  // A stream that shares objects takes the first answer for what became of its append.
  if (isRebasing) left.push('sent-twice');
  if ((isRolling || isRebasing) && (isShared || deeds.length > 0)) left.push('applied-in-part');
  const some = <Fate extends string>(weights: Weights<Fate>): Weights<Fate> =>
    ({ answered: calm, ...pickSome(random, weights, left) }) as Weights<Fate>;
  return {
    isSurvivable,
    isTelling,
    deeds,
    patience: isRush ? 0 : Math.min(random.integer(0, 40), patience ?? Number.POSITIVE_INFINITY),
    isBlind: isBlind && !without?.has('blind'),
    isMute: isMute && !without?.has('mute'),
    appends: some(isSurvivable ? appends : { ...appends, ...hostileAppends }),
    heads: some(isSurvivable ? heads : { ...heads, ...hostileHeads }),
    gets: some(isSurvivable ? gets : { ...gets, ...hostileGets }),
  };
}

function drawDeeds(random: Random, isSurvivable: boolean): Deed[] {
  const strangers = isSurvivable || random.chance(0.5) ? 0 : random.integer(1, 3);
  return Array.from({ length: strangers }, () => random.weighted(deedWeights));
}

/** Picks some of the fates, because a mixture of all would have too few of each. */
function pickSome<Fate extends string>(
  random: Random,
  weights: Weights<Fate>,
  left: readonly string[],
): Weights<Fate> {
  const names = Object.keys(weights) as Fate[];
  const picked = names.filter((name) => random.chance(0.7) && !left.includes(name));
  return Object.fromEntries(picked.map((name) => [name, weights[name]])) as Weights<Fate>;
}
