import { ObjectMissingError } from '../../errors.js';
import type { ObjectTail } from './object-tail.js';
import type { PollSchedule } from './poll-schedule.js';

/** Bytes of an object. */
export interface ReadPiece {
  readonly key: string;
  readonly bytes: Uint8Array;

  /** Position after the last of these bytes. */
  readonly end: number;
}

/** From here on another object is read. Bytes of earlier ones may still follow. */
export interface NextObject {
  readonly next: string;

  /** Position of the first byte to read. */
  readonly start: number;

  /** The object before, and how far it was read; `undefined` if there was none. */
  readonly left: { readonly key: string; readonly position: number } | undefined;
}

/** What a reader passes on, in this order. */
export type ReadItem = ReadPiece | NextObject;

/**
 * Reads an object to its end.
 *
 * @param schedule When to ask for more; without it the reader does not wait.
 * @throws {ObjectMissingError} If the object does not exist, and the reader does not wait.
 * @throws As {@link ObjectTail}.
 */
export async function* followObject(
  tail: ObjectTail,
  schedule: PollSchedule | undefined,
): AsyncGenerator<ReadPiece> {
  while (!tail.isComplete) {
    schedule?.begin();
    const growth = await tail.look();
    if (growth !== undefined) {
      for await (const bytes of tail.read(growth)) {
        yield { key: tail.key, bytes, end: tail.position };
      }
    }
    if (schedule === undefined) {
      if (!tail.exists) throw missingError(tail.key);
      return;
    }
    if (!tail.isComplete) await schedule.next({ hasGrown: growth !== undefined });
  }
}

export function missingError(key: string): ObjectMissingError {
  return new ObjectMissingError(`Cannot read "${key}": there is no such object`, { key });
}
