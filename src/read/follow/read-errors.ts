import { DivergedError } from '../../errors.js';
import type { Divergence, Growth } from './decide-poll.js';

/** How far an object was read, and how much of it is proved. */
export interface ReadProgress {
  readonly key: string;
  readonly position: number;

  /** Every byte before it is proved; of those behind it perhaps some. */
  readonly provedTo: number;
}

/** The error for an object whose length or checksum says that it is not the one that was read. */
export function divergedError(
  { key, position, provedTo }: ReadProgress,
  divergence: Divergence,
  actualLength = 0,
): DivergedError {
  const reasons: Record<Divergence, string> = {
    gone: 'the object is gone',
    shorter: `the object is ${actualLength} bytes long`,
    rewritten: 'the object has been rewritten: its CRC-64 is not that of the bytes that were read',
  };
  const message = `Cannot read "${key}" at position ${position}: ${reasons[divergence]}${unproved(provedTo, position)}`;
  return new DivergedError(message, { key, position, actualLength, provedTo });
}

/** The error for bytes that do not lead from the checksum before them to the one behind them. */
export function unprovedError(
  { key, position, provedTo }: ReadProgress,
  { start, end }: Growth,
): DivergedError {
  const message = `Cannot read "${key}" from position ${start} to ${end}: the CRC-64 of the object is not that of the bytes that were read${unproved(provedTo, position)}`;
  return new DivergedError(message, { key, position, actualLength: end, provedTo });
}

function unproved(provedTo: number, position: number): string {
  return provedTo < position ? `; not all bytes from ${provedTo} on were proved` : '';
}
