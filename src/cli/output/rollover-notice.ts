import type { ReplayRollover } from '../../recovery/replay.js';
import type { AppendWritable } from '../../stream/append-writable.js';
import type { RolloverEvent, SealEvent } from '../../stream/events.js';
import { hrefOf } from '../flags/object-url.js';
import { sentence } from '../messages.js';

/** Reports each object that the stream goes on to, and those that it could not seal. */
export function noticeRollovers(
  stream: AppendWritable,
  {
    bucket,
    isQuiet,
    print,
  }: {
    readonly bucket: string;

    /** Whether only failures are reported. */
    readonly isQuiet: boolean;
    readonly print: (message: string) => void;
  },
): void {
  let sealing: SealEvent | undefined;
  stream.on('seal', (event) => {
    sealing = event;
  });
  stream.on('rollover', (event) => {
    // A run may last for months: its end would be too late.
    if (sealing?.error !== undefined) print(sentence(sealing.error));
    sealing = undefined;
    if (!isQuiet) print(describeRollover(bucket, event));
  });
}

/** Says which object is next, and why. */
export function describeRollover(
  bucket: string,
  { from, to, reason }: RolloverEvent | ReplayRollover,
): string {
  const { key, position } = from;
  const why = {
    size: `${key} is ${position} bytes long`,
    interval: `the period of ${key} is over, it is ${position} bytes long`,
    full: `${key} is full, ${position} bytes long`,
    sealed: `${key} takes no more appends`,
    conflict: `another writer has appended to ${key}`,
    exists: `${key} exists`,
  }[reason];
  return `Going on with ${hrefOf(bucket, to.key)}: ${why}.`;
}
