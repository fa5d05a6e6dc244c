import type { FaultKind, OperationName } from 'oss-append-stream/emulator';
import type { CutPlace } from '../../helpers/cutting-relay.js';

/** Where in the stream something goes wrong: at which append of which object. */
export const rollingPlaces = {
  'first append': { object: 0, nth: 1 },
  'append within an object': { object: 1, nth: 2 },
  'first append of the next object': { object: 2, nth: 1 },
  'last append of an object': { object: 1, nth: 3 },
} as const;

export type RollingPlace = keyof typeof rollingPlaces;

export type RollingEnding =
  | 'delivered'
  | 'APPEND_ERR_DIVERGED'
  | 'APPEND_ERR_UNCONFIRMED'
  | 'APPEND_ERR_CHECKSUM'
  | 'APPEND_ERR_SERVICE'
  | 'APPEND_ERR_NOT_APPENDABLE';

/** What may differ between the streams that meet a trouble. */
export interface RollingVariant {
  readonly name: string;
  readonly hasRecords: boolean;
  readonly seal: boolean;
  readonly conflict: 'fail' | 'rollover';
}

export const rollingVariants: readonly RollingVariant[] = [
  { name: 'lines', hasRecords: true, seal: false, conflict: 'fail' },
  { name: 'lines, conflict: rollover', hasRecords: true, seal: false, conflict: 'rollover' },
  { name: 'lines, seal', hasRecords: true, seal: true, conflict: 'fail' },
  { name: 'writes, seal, conflict: rollover', hasRecords: false, seal: true, conflict: 'rollover' },
  { name: 'writes', hasRecords: false, seal: false, conflict: 'fail' },
];

export interface RollingTrouble {
  readonly name: string;

  /** Faults of requests for the object, of those of its operation the one of the place. */
  readonly faults: readonly RollingFault[];

  /** Where and how the connection breaks. */
  readonly cut?: { readonly place: CutPlace; readonly how: 'reset' | 'close' };

  /** How often in a row; `three` means with a fault that goes away. */
  readonly repeats: boolean;

  /** Whether bytes that were committed are lost, since somebody deletes or replaces the object. */
  readonly losesBytes?: boolean;

  /** Objects of others that exist before the stream. */
  readonly strangers?: 'appendable' | 'sealed' | 'normal' | 'many';

  /** Milliseconds of the client's timeout, where the case waits for it. */
  readonly requestTimeout?: number;

  /** How the stream ends; default: delivered. */
  ends?(isFirst: boolean, variant: RollingVariant): RollingEnding;
}

interface RollingFault {
  readonly kind: FaultKind;
  readonly operation: OperationName & ('append' | 'head' | 'seal');
  readonly delay?: number;
}

const append = (kind: FaultKind, delay?: number): RollingFault => ({
  kind,
  operation: 'append',
  ...(delay === undefined ? {} : { delay }),
});

/** The object has bytes of the stream already, and another writer appends to it. */
const whenShared: RollingTrouble['ends'] = (isFirst, { conflict }) =>
  isFirst || conflict === 'rollover' ? 'delivered' : 'APPEND_ERR_DIVERGED';

const onAppend: readonly RollingTrouble[] = [
  ...(['drop-request', 'cut-request', 'drop-answer', 'cut-answer'] as const),
  ...(['error-500', 'error-500-after', 'error-502-after', 'error-503'] as const),
  ...(['early-conflict', 'hide-crc'] as const),
].map((kind) => ({ name: kind, faults: [append(kind)], repeats: true }));

const slow: readonly RollingTrouble[] = [
  { name: 'delay', faults: [append('delay', 20)], repeats: true },
  { name: 'apply-late', faults: [append('apply-late', 20)], repeats: true },
  {
    name: 'stall',
    faults: [append('stall')],
    repeats: false,
    requestTimeout: 500,
  },
];

const others: readonly RollingTrouble[] = [
  { name: 'stranger', faults: [append('stranger')], repeats: false, ends: whenShared },
  { name: 'stranger-drop', faults: [append('stranger-drop')], repeats: false, ends: whenShared },
  { name: 'seal', faults: [append('seal')], repeats: false },
  {
    name: 'delete',
    faults: [append('delete')],
    repeats: false,
    losesBytes: true,
    ends: whenShared,
  },
  { name: 'replace', faults: [append('replace')], repeats: false, losesBytes: true },
];

const refusals: readonly RollingTrouble[] = [
  {
    name: 'forbid',
    faults: [append('forbid')],
    repeats: false,
    ends: () => 'APPEND_ERR_SERVICE',
  },
  {
    name: 'wrong-crc',
    faults: [append('wrong-crc')],
    repeats: false,
    ends: () => 'APPEND_ERR_CHECKSUM',
  },
];

/** No answer, and then something happens to the HEAD that asks. */
const onHead: readonly RollingTrouble[] = (
  [
    { kind: 'drop-request' },
    { kind: 'error-500' },
    { kind: 'forbid' },
    { kind: 'hide-crc' },
    { kind: 'seal' },
  ] as const
).map(({ kind }) => ({
  name: `drop-answer, then ${kind} on HEAD`,
  faults: [append('drop-answer'), { kind, operation: 'head' }],
  repeats: false,
}));

const onSeal: readonly RollingTrouble[] = (
  [
    'drop-request',
    'drop-answer',
    'error-500',
    'error-500-after',
    'error-503',
    'forbid',
    'stranger',
  ] as const
).map((kind) => ({
  name: `${kind} on seal`,
  faults: [{ kind, operation: 'seal' }],
  repeats: kind !== 'stranger',
}));

const cuts: readonly RollingTrouble[] = (
  [
    { place: 'before the body', how: 'reset' },
    { place: 'inside the body', how: 'reset' },
    { place: 'after the body', how: 'reset' },
    { place: 'inside the answer', how: 'reset' },
    { place: 'after the body', how: 'close' },
  ] as const
).map((cut) => ({
  name: `connection ends (${cut.how}) ${cut.place}`,
  faults: [],
  cut,
  repeats: true,
}));

/** Objects that strangers have made where the stream goes on to. */
const existing: readonly RollingTrouble[] = (
  ['appendable', 'sealed', 'normal', 'many'] as const
).map((strangers) => ({
  name: `next object exists (${strangers})`,
  faults: [],
  repeats: false,
  strangers,
}));

export const rollingTroubles: readonly RollingTrouble[] = [
  ...onAppend,
  ...slow,
  ...others,
  ...refusals,
  ...onHead,
  ...onSeal,
  ...cuts,
  ...existing,
];
