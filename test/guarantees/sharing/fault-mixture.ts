import type { Fault, FaultKind } from 'oss-append-stream/emulator';
import type { CutPlace } from '../../helpers/cutting-relay.js';
import type { Random } from '../../simulation/random.js';

/** What goes wrong between the writers and the server. */
export interface FaultMixture {
  readonly name: string;
  readonly faults: readonly Fault[];

  /** Connections that are reset: at which of all appends, counted from 1. */
  readonly cuts: readonly { readonly place: CutPlace; readonly nth: number }[];
}

/** Faults of appends after which a shared log goes on. */
const appendFaults = [
  'drop-request',
  'cut-request',
  'drop-answer',
  'cut-answer',
  'delay',
  'apply-late',
  'error-500',
  'error-500-after',
  'error-502-after',
  'error-503',
  'early-conflict',
  'stranger',
  'stranger-drop',
  'hide-crc',
] as const satisfies readonly FaultKind[];

/** Faults of the requests that settle a doubt. */
const probeFaults = ['drop-request', 'cut-answer', 'error-500', 'error-503', 'hide-crc'] as const;

const cutPlaces = [
  'before the body',
  'inside the body',
  'after the body',
  'inside the answer',
] as const;

export const noFaults: FaultMixture = { name: 'no faults', faults: [], cuts: [] };

/** One kind of fault, on one append in five. */
export const pureMixtures: readonly FaultMixture[] = appendFaults.map((kind) => ({
  name: kind,
  faults: [{ kind, operation: 'append', probability: 0.2, delay: 30 }],
  cuts: [],
}));

/** Several kinds at once, some of them on the requests that settle a doubt. */
export function drawMixture(random: Random): FaultMixture {
  const faults: Fault[] = [];
  for (const kind of appendFaults) {
    if (!random.chance(0.6)) continue;
    const delay = random.integer(1, 200);
    faults.push({ kind, operation: 'append', probability: random.next() * 0.05, delay });
  }
  for (const operation of ['head', 'get'] as const) {
    for (const kind of probeFaults) {
      if (random.chance(0.5)) faults.push({ kind, operation, probability: random.next() * 0.1 });
    }
  }
  const cuts = cutPlaces.flatMap((place) =>
    Array.from({ length: random.integer(0, 3) }, () => ({ place, nth: random.integer(1, 100) })),
  );
  return { name: 'mixture', faults, cuts };
}
