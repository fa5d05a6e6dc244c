import type { ReadRolloverEvent } from './evented-readable.js';
import type { NextObject, ReadPiece } from './follow/follow-object.js';
import type { ReadPosition } from './readable-options.js';

/** A run of the bytes that a reader passes on, all of one object. */
interface Stretch {
  /** Offset of its first byte among all bytes passed on. */
  readonly offset: number;

  /** The object that is read, and the position in it of the first byte. */
  readonly place: ReadPosition;

  /** Whether its bytes are late ones of an object that was left: they do not move the position. */
  readonly isLate: boolean;

  /** Tells that another object begins. */
  readonly event: ReadRolloverEvent | undefined;
}

/** Stretches kept behind the consumer, who may put bytes back with `unshift()`. */
const mostKept = 8;

/**
 * Knows which objects the bytes in a stream's buffer are from, and so where a consumer is who has
 * taken some of them.
 */
export class Stretches {
  readonly #all: Stretch[];

  /** Index of the stretch that the consumer is in. */
  #current = 0;
  #passedOn = 0;

  /** @param place Where reading begins. */
  constructor(place: ReadPosition) {
    this.#all = [{ offset: 0, place, isLate: false, event: undefined }];
  }

  /** Number of bytes passed on. */
  get passedOn(): number {
    return this.#passedOn;
  }

  /** Notes bytes that are passed on. */
  add({ key, bytes }: Pick<ReadPiece, 'key' | 'bytes'>): void {
    const offset = this.#passedOn;
    const place = placeIn(this.#last, offset);
    const isLate = key !== place.key;
    if (isLate !== this.#last.isLate) this.#all.push({ offset, place, isLate, event: undefined });
    this.#passedOn += bytes.byteLength;
  }

  /** Notes that bytes of another object follow. */
  goOn({ next, start, left }: NextObject): void {
    this.#all.push({
      offset: this.#passedOn,
      place: { key: next, position: start },
      isLate: false,
      event: left && { from: left, to: { key: next } },
    });
  }

  /**
   * Where the consumer is after `taken` bytes.
   *
   * At the end of an object that is still this object, until {@link reach} says otherwise.
   */
  placeAfter(taken: number): ReadPosition {
    let index = this.#current;
    while (index > 0 && (this.#all[index] as Stretch).offset > taken) index--;
    while ((this.#all[index + 1]?.offset ?? taken) < taken) index++;
    const { offset = taken } = this.#all[index + 1] ?? {};
    return placeIn(this.#all[index] as Stretch, Math.min(taken, offset));
  }

  /** Offset at which the bytes after `taken` are followed by others; infinite if they are not. */
  endOf(taken: number): number {
    const next = this.#all.find(({ offset }, index) => index > this.#current && offset > taken);
    return next?.offset ?? Number.POSITIVE_INFINITY;
  }

  /**
   * Moves the consumer on.
   *
   * @param isThrough Whether the consumer, who may have reached the end of an object, is through with it.
   * @returns The events of the objects that begin there, in order.
   */
  reach(taken: number, isThrough: boolean): readonly ReadRolloverEvent[] {
    const events: ReadRolloverEvent[] = [];
    for (;;) {
      const next = this.#all[this.#current + 1];
      const isReached = next && (next.offset < taken || (isThrough && next.offset === taken));
      if (!isReached) break;
      this.#current++;
      if (next.event !== undefined) events.push(next.event);
    }
    const surplus = this.#current - mostKept;
    if (surplus > 0) {
      this.#all.splice(0, surplus);
      this.#current -= surplus;
    }
    return events;
  }

  get #last(): Stretch {
    return this.#all.at(-1) as Stretch;
  }
}

function placeIn({ offset, place, isLate }: Stretch, end: number): ReadPosition {
  return isLate ? place : { key: place.key, position: place.position + Math.max(0, end - offset) };
}
