import type { Life } from '../rollover/lives.js';
import { judgeLives } from '../rollover/lives-judge.js';
import type { FoundObject } from '../rollover/rolling-case.js';

export type ReadObject = Pick<FoundObject, 'key' | 'bytes'>;

/** A place in one of several objects. */
export interface ObjectPlace {
  readonly key: string;
  readonly position: number;
}

/** What one reader has printed. */
export interface Reading {
  /** Where it was told to begin; `undefined` for the beginning of the first object. */
  readonly start: ObjectPlace | undefined;
  readonly printed: Buffer;
}

export interface FollowedLives {
  /** In order. */
  readonly objects: readonly ReadObject[];
  readonly lives: readonly Life[];

  /** One after the other. */
  readonly readings: readonly Reading[];
}

/**
 * Describes every problem: the objects must be what {@link judgeLives} expects, each reader must have
 * printed nothing but them, in order and from its start on, and the last one must have come to their
 * end.
 */
export function judgeTail(
  { objects, lives, readings }: FollowedLives,
  { maxSize }: { readonly maxSize: number },
): string[] {
  const problems = judgeLives(objects, lives, { maxSize });
  if (objects.length < 3) problems.push(`there are only ${objects.length} objects`);
  const content = Buffer.concat(objects.map(({ bytes }) => bytes));
  let end = 0;
  for (const [index, { start, printed }] of readings.entries()) {
    const offset = start === undefined ? 0 : offsetOf(objects, start);
    const name = `reader ${index + 1}`;
    if (start !== undefined && offset !== end) {
      problems.push(`${name} begins at byte ${offset}: the one before it came to ${end}`);
    }
    end = offset + printed.byteLength;
    const expected = content.subarray(offset, end);
    if (!printed.equals(expected)) {
      const at = printed.findIndex((byte, place) => byte !== expected[place]);
      problems.push(`${name} printed another byte than ${offset + at} of the objects`);
    }
  }
  if (end !== content.byteLength) {
    problems.push(`the last reader came to byte ${end} of ${content.byteLength}`);
  }
  return problems;
}

function offsetOf(objects: readonly ReadObject[], { key, position }: ObjectPlace): number {
  const index = objects.findIndex((object) => object.key === key);
  const before = objects.slice(0, index).reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
  return before + position;
}
