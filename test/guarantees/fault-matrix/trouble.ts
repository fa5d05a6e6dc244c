import { type FaultKind, faultKinds } from 'oss-append-stream/emulator';
import { type CutPlace, cutPlaces } from '../../helpers/cutting-relay.js';

/** Which chunk of a stream something happens to. */
export const places = ['first', 'middle', 'last'] as const;
export type Place = (typeof places)[number];

/** How often in a row. */
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

/** Something that goes wrong with the append of a chunk. */
export interface Trouble {
  readonly name: string;

  /** What the emulator does to the appends. */
  readonly append?: FaultScript;

  /** What it does to the HEADs that follow. */
  readonly head?: FaultScript;

  /** Where the network breaks, and how; `kill` stops the server there and starts it again. */
  readonly cut?: { readonly place: CutPlace; readonly how: 'reset' | 'close' | 'silence' | 'kill' };

  /** What somebody else leaves of the object besides what was committed, or instead of it. */
  readonly leaves?: 'strange bytes' | 'nothing';

  /** Whether the chunk may be in the object when the stream has given up, where the error does not say. */
  readonly isDoubtful?: boolean;

  /** Whether it concerns every key of the emulator. */
  readonly isGlobal?: boolean;

  /** Milliseconds of the client's timeout, where it is what ends the silence. */
  readonly requestTimeout?: number;

  /** How a stream may end. Default: delivered. */
  ends?(place: Place, repetition: Repetition): Ending | readonly Ending[];
}

const always = (ending: Ending) => () => ending;
const inTheEnd = (ending: Ending) => (_: Place, repetition: Repetition) =>
  repetition === 'without end' ? ending : 'delivered';

/** On a new object there is nothing to lose yet, unless the next chunk is struck as well. */
const unlessNew = (ending: Ending) => (place: Place, repetition: Repetition) =>
  place === 'first' && repetition === 'once' ? 'delivered' : ending;

type Ends = NonNullable<Trouble['ends']>;

/** Every kind has its row: what is left out here is a compiler's error. */
const onAppend: Record<FaultKind, Omit<Trouble, 'name' | 'append'>> = {
  'drop-request': { ends: inTheEnd('APPEND_ERR_UNCONFIRMED') },
  'cut-request': { ends: inTheEnd('APPEND_ERR_UNCONFIRMED') },
  'drop-answer': {},
  'cut-answer': {},
  delay: {},
  stall: { requestTimeout: 1_000 },
  // Whether the last of them is in when the object is asked for the last time, nobody knows.
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
  forbid: { ends: always('APPEND_ERR_SERVICE') },
  'hide-crc': {},
  'wrong-crc': { ends: always('APPEND_ERR_CHECKSUM') },
  // The resend after each is struck as well.
  skew: {
    isGlobal: true,
    ends: (_, repetition) => (repetition === 'once' ? 'delivered' : 'APPEND_ERR_SERVICE'),
  },
  'expired-token': {
    ends: (_, repetition) => (repetition === 'once' ? 'delivered' : 'APPEND_ERR_SERVICE'),
  },
};

/** The answer to the append is lost, and then asking goes wrong too. */
const onHead: Partial<Record<FaultKind, Omit<Trouble, 'name' | 'head'>>> = {
  'drop-request': { ends: inTheEnd('APPEND_ERR_UNCONFIRMED') },
  'cut-answer': { ends: inTheEnd('APPEND_ERR_UNCONFIRMED') },
  // Long enough for the HEAD of opening on a busy machine: a second one would be struck.
  stall: { requestTimeout: 1_000, ends: inTheEnd('APPEND_ERR_UNCONFIRMED') },
  'error-500': { ends: inTheEnd('APPEND_ERR_UNCONFIRMED') },
  'error-502-after': { ends: inTheEnd('APPEND_ERR_UNCONFIRMED') },
  'error-503': { ends: inTheEnd('APPEND_ERR_UNCONFIRMED') },
  forbid: { ends: inTheEnd('APPEND_ERR_UNCONFIRMED') },
  'hide-crc': {},
  'wrong-crc': { ends: always('APPEND_ERR_DIVERGED') },
  // What is deleted before the chunk is settled is a new object's first chunk again.
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

/** Everything that the matrix does to a chunk, the kills apart. */
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

/** The server is killed while an append is on its way, and starts again on its folder. */
export const kills: readonly Trouble[] = cutPlaces.slice(0, 3).map((place) => ({
  name: `server killed ${place}`,
  cut: { place, how: 'kill' },
}));

function script(kind: FaultKind): FaultScript {
  return kind === 'delay' || kind === 'apply-late' ? { kind, delay: 20 } : { kind };
}
