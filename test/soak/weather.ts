import type { Fault } from 'oss-append-stream/emulator';
import type { Random } from '../simulation/random.js';

/** Longest delay of an answer or an append by a fault, in milliseconds. */
export const longestDelay = 400;

/** Faults that endless retries survive, and their probabilities per request in rough weather. */
const faults: readonly Fault[] = [
  { kind: 'drop-request', operation: 'append', probability: 0.02 },
  { kind: 'cut-request', operation: 'append', probability: 0.02 },
  { kind: 'drop-answer', operation: 'append', probability: 0.03 },
  { kind: 'cut-answer', operation: 'append', probability: 0.02 },
  { kind: 'delay', operation: 'append', probability: 0.03, delay: 30 },
  { kind: 'stall', operation: 'append', probability: 0.03, delay: 60 },
  { kind: 'stall', operation: 'append', probability: 0.01, delay: longestDelay },
  { kind: 'apply-late', operation: 'append', probability: 0.02, delay: 50 },
  { kind: 'error-500', operation: 'append', probability: 0.02 },
  { kind: 'error-500-after', operation: 'append', probability: 0.02 },
  { kind: 'error-502-after', operation: 'append', probability: 0.02 },
  { kind: 'error-503', operation: 'append', probability: 0.02 },
  { kind: 'early-conflict', operation: 'append', probability: 0.01 },
  { kind: 'hide-crc', operation: 'append', probability: 0.03 },
  { kind: 'drop-request', operation: 'head', probability: 0.02 },
  { kind: 'cut-answer', operation: 'head', probability: 0.02 },
  { kind: 'stall', operation: 'head', probability: 0.02, delay: longestDelay },
  { kind: 'error-500', operation: 'head', probability: 0.02 },
  { kind: 'error-503', operation: 'head', probability: 0.02 },
  { kind: 'hide-crc', operation: 'head', probability: 0.02 },
  { kind: 'forbid', operation: 'head', probability: 0.01 },
  { kind: 'drop-answer', operation: 'get', probability: 0.05 },
  { kind: 'cut-answer', operation: 'get', probability: 0.05 },
];

export interface Weather {
  readonly faults: readonly Fault[];

  /** Whether the store's clock is an hour ahead. */
  readonly isSkewed: boolean;
}

export const calm: Weather = { faults: [], isSkewed: false };

/** Draws the faults of the next stretch: sometimes none, sometimes twice the usual. */
export function drawWeather(random: Random): Weather {
  const force = random.pick([0, 0.3, 1, 1, 2]);
  return {
    faults: faults.map((fault) => ({ ...fault, probability: (fault.probability ?? 1) * force })),
    isSkewed: random.chance(0.3),
  };
}
