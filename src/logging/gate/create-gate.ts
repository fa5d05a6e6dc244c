import type { ResolvedOverflow } from '../overflow-options.js';
import type { DropCounter } from './drop-counter.js';
import { DropNewest } from './drop-newest.js';
import { DropNothing } from './drop-nothing.js';
import { DropOldest } from './drop-oldest.js';
import type { LineGate, LineSink } from './line-gate.js';
import type { RecordDelimiter } from './record-delimiter.js';

/** The gate that does what `overflow.policy` says. */
export function createGate(
  { policy, maxLength }: Pick<ResolvedOverflow, 'policy' | 'maxLength'>,
  sink: LineSink,
  counter: DropCounter,
  delimiter: RecordDelimiter,
): LineGate {
  switch (policy) {
    case 'block':
      return new DropNothing(sink, counter);
    case 'drop-newest':
      return new DropNewest(sink, maxLength, counter, delimiter);
    case 'drop-oldest':
      return new DropOldest(sink, maxLength, counter, delimiter);
  }
}
