import { NotAppendableError } from '../errors.js';
import { findSequence } from '../rollover/find-sequence.js';
import type { Rollover } from '../rollover/rollover.js';
import type { ObjectState } from './append-client.js';
import type { AppendTarget } from './append-target.js';
import { askUntilAnswered } from './ask-until-answered.js';
import type { ObjectProbe } from './object-probe.js';
import type { OpenObjectOptions } from './open-object.js';

/** How a stream that appends to several objects begins. */
export interface ObjectSeries {
  readonly rollover: Rollover;

  /** Maximum bytes of an object. */
  readonly maxSize: number;

  /** Whether no other stream makes the same keys, so that none of its objects exist yet. */
  readonly isUnique: boolean;

  /** Whether the last object is of the current period if it exists, so that it may be continued. */
  readonly continues: boolean;

  /** Whether the first objects may have been removed, and later ones not. */
  readonly seeksGap: boolean;
}

/** The object that `rollover` is at, before its first append. */
export function newTarget({ key }: Rollover): AppendTarget {
  return { key, position: 0, crc64: 0n, exists: false };
}

type OpenOptions = Omit<OpenObjectOptions, 'key' | 'position'>;

/**
 * Finds the last object of the current period, and continues it if that is possible and `flags` is
 * not `'ax'`; otherwise the stream begins with the next one.
 *
 * @throws {OssServiceError} If OSS refuses the bucket, the credentials or the permissions.
 * @throws {RetriesExhaustedError} If a request did not succeed.
 */
export async function openLastObject(
  probe: ObjectProbe,
  series: ObjectSeries,
  options: OpenOptions,
): Promise<AppendTarget> {
  const { rollover, maxSize, isUnique, continues } = series;
  const last = isUnique ? undefined : await findLastObject(probe, series, options);
  if (last === undefined) return newTarget(rollover);
  const { appendable, sealed, length } = last.found;
  const isUsable = appendable && !sealed && length < maxSize;
  const found =
    options.flags === 'ax' || !continues || !isUsable
      ? undefined
      : await complete(probe, rollover.keyAt(last.sequence), last.found, options);
  rollover.use(found === undefined ? last.sequence + 1 : last.sequence);
  if (found === undefined) return newTarget(rollover);
  const { key } = rollover;
  return { key, position: found.length, crc64: found.crc64, exists: found.length > 0 };
}

/** Resolves with `undefined` if the object turns out to take no more bytes. */
async function complete(
  probe: ObjectProbe,
  key: string,
  found: ObjectState,
  options: OpenOptions,
): Promise<ObjectState | undefined> {
  try {
    return await askUntilAnswered(() => probe.complete(key, found), { ...options, key });
  } catch (error) {
    if (error instanceof NotAppendableError) return undefined;
    throw error;
  }
}

/**
 * Finds the last object of the current period.
 *
 * @param options.from Sequence to begin at; from the first one on, objects may be missing.
 * @throws As {@link openLastObject}.
 */
export function findLastObject(
  probe: ObjectProbe,
  { rollover, seeksGap }: ObjectSeries,
  { from = 0, ...options }: OpenOptions & { readonly from?: number },
): Promise<{ sequence: number; found: ObjectState } | undefined> {
  const find = (sequence: number) => {
    const key = rollover.keyAt(sequence);
    return askUntilAnswered(() => probe.find(key), { ...options, key });
  };
  return findSequence(find, { from, seeksGap: seeksGap && from === 0 });
}
