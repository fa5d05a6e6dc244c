import { type FaultKind, faultKinds } from 'oss-append-stream/emulator';
import { type CutPlace, cutPlaces } from '../../helpers/cutting-relay.js';

/** Which chunk of a stream a fault affects. */
export const places = ['first', 'middle', 'last'] as const;
export type Place = (typeof places)[number];

/** How often in a row it does. */
export const repetitions = ['once', 'three in a row', 'without end'] as const;
export type Repetition = (typeof repetitions)[number];

export type Ending =
  | 'delivered'
  | 'APPEND_ERR_DIVERGED'
  | 'APPEND_ERR_UNCONFIRMED'
  | 'APPEND_ERR_RETRIES_EXHAUSTED'
  | 'APPEND_ERR_NOT_APPENDABLE'
  | 'APPEND_ERR_CHECKSUM'
  | 'APPEND_ERR_SERVICE';

export interface FaultScript {
  readonly kind: FaultKind;

  /** Milliseconds. */
  readonly delay?: number;
}

/** A fault in the append of a chunk. */
export interface Trouble {
  readonly name: string;

  /** Fault of the appends, injected by the emulator. */
  readonly append?: FaultScript;

  /** Fault of the HEADs that follow. */
  readonly head?: FaultScript;

  /** Where and how the connection breaks; `kill` kills the server there and restarts it. */
  readonly cut?: { readonly place: CutPlace; readonly how: 'reset' | 'close' | 'silence' | 'kill' };

  /** What another writer leaves after the committed bytes, or in their place. */
  readonly leaves?: 'strange bytes' | 'nothing';

  /** Whether the chunk may be stored after the stream gave up, if the error does not say so. */
  readonly isDoubtful?: boolean;

  /** Whether it affects every key of the emulator. */
  readonly isGlobal?: boolean;

  /** Milliseconds of the client's timeout, where the case waits for it. */
  readonly requestTimeout?: number;

  /** How a stream may end. Default: delivered. */
  ends?(place: Place, repetition: Repetition): Ending | readonly Ending[];
}

const always = (ending: Ending) => () => ending;
const inTheEnd = (ending: Ending) => (_: Place, repetition: Repetition) =>
  repetition === 'without end' ? ending : 'delivered';

/** A new object has nothing to lose yet, unless the fault also affects the next chunk. */
const unlessNew = (ending: Ending) => (place: Place, repetition: Repetition) =>
  place === 'first' && repetition === 'once' ? 'delivered' : ending;

type Ends = NonNullable<Trouble['ends']>;

/** One row per kind: the compiler reports a missing one. */
const onAppend: Record<FaultKind, Omit<Trouble, 'name' | 'append'>> = {
  'drop-request': { ends: inTheEnd('APPEND_ERR_UNCONFIRMED') },
  'cut-request': { ends: inTheEnd('APPEND_ERR_UNCONFIRMED') },
  'drop-answer': {},
  'cut-answer': {},
  delay: {},
  stall: { requestTimeout: 1_000 },
  // The last append may be applied before or after the last HEAD.
  'apply-late': {
    ends: (_, repetition) =>
      repetition === 'without end' ? ['delivered', 'APPEND_ERR_UNCONFIRMED'] : 'delivered',
  },
  'error-500': { ends: inTheEnd('APPEND_ERR_RETRIES_EXHAUSTED') },
  'error-500-after': {},
  'error-502-after': {},
  'error-503': { ends: inTheEnd('APPEND_ERR_RETRIES_EXHAUSTED') },
  'early-conflict': { ends: inTheEnd('APPEND_ERR_RETRIES_EXHAUSTED') },
  stranger: { leaves: 'strange bytes', isDoubtful: false, ends: always('APPEND_ERR_DIVERGED') },
  'stranger-drop': {
    leaves: 'strange bytes',
    isDoubtful: true,
    ends: always('APPEND_ERR_DIVERGED'),
  },
  delete: { leaves: 'nothing', ends: unlessNew('APPEND_ERR_DIVERGED') },
  replace: { leaves: 'nothing', ends: always('APPEND_ERR_NOT_APPENDABLE') },
  seal: { ends: unlessNew('APPEND_ERR_NOT_APPENDABLE') },
  retain: { ends: always('APPEND_ERR_NOT_APPENDABLE') },
  forbid: { ends: always('APPEND_ERR_SERVICE') },
  'hide-crc': {},
  'wrong-crc': { ends: always('APPEND_ERR_CHECKSUM') },
  // A repeated fault also affects the re-signed request.
  skew: {
    isGlobal: true,
    ends: (_, repetition) => (repetition === 'once' ? 'delivered' : 'APPEND_ERR_SERVICE'),
  },
  'expired-token': {
    ends: (_, repetition) => (repetition === 'once' ? 'delivered' : 'APPEND_ERR_SERVICE'),
  },
};

/** The answer to the append is lost, and then the HEAD fails too. */
const onHead: Partial<Record<FaultKind, Omit<Trouble, 'name' | 'head'>>> = {
  'drop-request': { ends: inTheEnd('APPEND_ERR_UNCONFIRMED') },
  'cut-answer': { ends: inTheEnd('APPEND_ERR_UNCONFIRMED') },
  // Long enough for the HEAD at opening on a busy machine: a second one would stall.
  stall: { requestTimeout: 1_000, ends: inTheEnd('APPEND_ERR_UNCONFIRMED') },
  'error-500': { ends: inTheEnd('APPEND_ERR_UNCONFIRMED') },
  'error-502-after': { ends: inTheEnd('APPEND_ERR_UNCONFIRMED') },
  'error-503': { ends: inTheEnd('APPEND_ERR_UNCONFIRMED') },
  forbid: { ends: inTheEnd('APPEND_ERR_UNCONFIRMED') },
  'hide-crc': {},
  'wrong-crc': { ends: always('APPEND_ERR_DIVERGED') },
  // Deleted before its first chunk is settled, an object counts as new again.
  delete: {
    leaves: 'nothing',
    ends: (place, repetition) =>
      place === 'first'
        ? inTheEnd('APPEND_ERR_UNCONFIRMED')(place, repetition)
        : 'APPEND_ERR_DIVERGED',
  },
  seal: { ends: (place) => (place === 'last' ? 'delivered' : 'APPEND_ERR_NOT_APPENDABLE') },
  'expired-token': {
    ends: (_, repetition) => (repetition === 'once' ? 'delivered' : 'APPEND_ERR_UNCONFIRMED'),
  },
};

const cutsApplied: readonly CutPlace[] = ['after the body', 'inside the answer'];

function cut(place: CutPlace, how: 'reset' | 'close' | 'silence'): Trouble {
  const name = `connection ${how === 'silence' ? 'goes silent' : `ends (${how})`} ${place}`;
  const ends: Ends = cutsApplied.includes(place)
    ? () => 'delivered'
    : inTheEnd('APPEND_ERR_UNCONFIRMED');
  return {
    name,
    cut: { place, how },
    ...(how === 'silence' ? { requestTimeout: 1_000 } : {}),
    ends,
  };
}

/** All troubles of the matrix except the kills. */
export const troubles: readonly Trouble[] = [
  ...faultKinds.map((kind) => ({ name: kind, append: script(kind), ...onAppend[kind] })),
  {
    name: 'delay beyond the timeout',
    append: { kind: 'delay', delay: 2_000 },
    requestTimeout: 1_000,
    ends: (_, repetition) =>
      repetition === 'without end' ? ['delivered', 'APPEND_ERR_UNCONFIRMED'] : 'delivered',
  },
  ...(Object.entries(onHead) as [FaultKind, Trouble][]).map(([kind, trouble]) => ({
    ...trouble,
    name: `drop-answer, then ${kind} on HEAD`,
    append: { kind: 'drop-answer' as const },
    head: script(kind),
  })),
  ...cutPlaces.flatMap((place) =>
    (['reset', 'close', 'silence'] as const).map((how) => cut(place, how)),
  ),
];

/** The server is killed while an append is in flight, and restarts on its folder. */
export const kills: readonly Trouble[] = cutPlaces.slice(0, 3).map((place) => ({
  name: `server killed ${place}`,
  cut: { place, how: 'kill' },
}));

function script(kind: FaultKind): FaultScript {
  return kind === 'delay' || kind === 'apply-late' ? { kind, delay: 20 } : { kind };
}
