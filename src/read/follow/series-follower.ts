import type { FollowedSeries, SeriesPlace } from '../../rollover/followed-series.js';
import { nodeTimers } from '../../timers/node-timers.js';
import type { ReadRequests } from '../read-requests.js';
import type { Growth } from './decide-poll.js';
import { findLastPlace } from './find-last-place.js';
import { missingError, type ReadItem, type ReadPiece } from './follow-object.js';
import { ObjectTail, type ObjectTailOptions } from './object-tail.js';
import type { PollSchedule } from './poll-schedule.js';
import { SuccessorSearch } from './successor-search.js';

/** An object to begin with, and a position in it. */
export interface SeriesStart {
  readonly place: SeriesPlace;
  readonly position: number;
}

export interface SeriesFollowerOptions {
  readonly series: FollowedSeries;
  readonly requests: ReadRequests;
  readonly schedule: PollSchedule | undefined;

  /** Milliseconds for which an object is still asked for after its successor was found. */
  readonly lag: number;

  /** Position in the last object; `undefined` for its beginning, 0 for the first object. */
  readonly start: number | SeriesStart | undefined;
  readonly tail: ObjectTailOptions;
}

interface OpenObject {
  readonly place: SeriesPlace;
  readonly tail: ObjectTail;
  readonly search: SuccessorSearch;

  /** Whether it was found to have no successor. */
  isLast: boolean;

  /** When its successor was found, by the monotonic clock. */
  leftAt: number;
}

/**
 * Reads the objects of a stream with `rollover`, one after the other.
 *
 * A writer goes on only when it is through with an object. So when the next one exists, the object is
 * asked for once more, and read to its end. Other writers may be late: until `lag` has passed,
 * objects that were left, and the next of their period, are asked for too.
 */
export class SeriesFollower {
  readonly #options: SeriesFollowerOptions;

  /** Oldest first. The last one is the current object; the others were left. */
  #open: OpenObject[] = [];

  constructor(options: SeriesFollowerOptions) {
    this.#options = options;
  }

  /** @throws As {@link followObject}. */
  async *items(): AsyncGenerator<ReadItem> {
    const { schedule } = this.#options;
    schedule?.begin();
    let current = await this.#openFirst();
    this.#open = [current];
    yield { next: current.tail.key, start: current.tail.position, left: undefined };
    for (;;) {
      const hasGrown = yield* this.#poll(current);
      current = this.#open.at(-1) ?? current;
      if (schedule === undefined) {
        if (!current.tail.exists) throw missingError(current.tail.key);
        return;
      }
      await schedule.next({ hasGrown });
      schedule.begin();
    }
  }

  async #openFirst(): Promise<OpenObject> {
    const { series, start } = this.#options;
    if (typeof start === 'object') {
      const { place, position } = start;
      return this.#openAt(place, { start: position, exists: position > 0 });
    }
    const now = nodeTimers.date();
    const present = { startedAt: now, sequence: 0 };
    if (start === 0) return this.#openAt(present);
    const last = await findLastPlace(series, now, this.#exists);
    return last === undefined ? this.#openAt(present) : this.#openAt(last, { start: start ?? 0 });
  }

  /** Reads all that is new, also in further objects. */
  async *#poll(first: OpenObject): AsyncGenerator<ReadItem, boolean> {
    let hasGrown = false;
    await this.#openLate();
    for (let current = first; ; ) {
      const grown = yield* this.#readNew();
      hasGrown ||= grown.length > 0;
      // While the last object grows, one request is enough.
      if (current.isLast && grown.includes(current) && !current.tail.isComplete) return hasGrown;
      const isBegun = current.tail.exists;
      const place = await current.search.find(nodeTimers.date(), { isBegun });
      if (place === undefined) {
        current.isLast = true;
        return hasGrown;
      }
      hasGrown = true;
      // What the writer appended before it went on; perhaps it began this object only now.
      yield* this.#readNew();
      if (current.tail.exists !== isBegun) continue;
      const next = this.#openAt(place);
      const { key, position } = current.tail;
      this.#leave(current);
      this.#open.push(next);
      const left = isBegun ? { key, position } : undefined;
      yield { next: next.tail.key, start: 0, left };
      current = next;
    }
  }

  /** Returns the objects that have grown. */
  async *#readNew(): AsyncGenerator<ReadPiece, readonly OpenObject[]> {
    const { lag } = this.#options;
    const askedAt = nodeTimers.now();
    const grown: [OpenObject, Growth][] = [];
    // Newest first: what a writer appended to an older object before is seen then.
    for (const object of this.#open.toReversed()) {
      const growth = await object.tail.look();
      if (growth !== undefined) grown.unshift([object, growth]);
    }
    for (const [{ tail }, growth] of grown) {
      for await (const bytes of tail.read(growth)) {
        yield { key: tail.key, bytes, end: tail.position };
      }
    }
    this.#open = this.#open.filter(
      ({ tail, leftAt }, index) =>
        index === this.#open.length - 1 || !(tail.isComplete || askedAt >= leftAt + lag),
    );
    return grown.map(([object]) => object);
  }

  #leave(object: OpenObject): void {
    const { lag, schedule } = this.#options;
    object.leftAt = nodeTimers.now();
    object.tail.leave();
    // Older objects have had two successors for a while: the reader is catching up.
    if (!object.isLast) this.#open = [object];
    const { exists, isComplete } = object.tail;
    const isThrough = schedule === undefined || lag === 0 || isComplete || !exists;
    if (isThrough) this.#open = this.#open.filter((other) => other !== object);
  }

  /** Opens the next object of a period that was left, if a writer that is late has begun it. */
  async #openLate(): Promise<void> {
    for (const [index, { place, leftAt }] of [...this.#open.entries()].reverse()) {
      const successor = this.#open[index + 1];
      if (successor === undefined) continue;
      if (!this.#options.series.isPeriodAfter(successor.place, place)) continue;
      const next = { ...place, sequence: place.sequence + 1 };
      if (!(await this.#exists(this.#options.series.keyOf(next)))) continue;
      const late = this.#openAt(next);
      late.leftAt = leftAt;
      late.tail.leave();
      this.#open.splice(index + 1, 0, late);
    }
  }

  #openAt(place: SeriesPlace, from: Pick<ObjectTailOptions, 'start' | 'exists'> = {}): OpenObject {
    const { series, requests, tail } = this.#options;
    return {
      place,
      tail: new ObjectTail(series.keyOf(place), requests, { ...tail, ...from }),
      search: new SuccessorSearch({ series, place, exists: this.#exists }),
      isLast: false,
      leftAt: 0,
    };
  }

  readonly #exists = async (key: string): Promise<boolean> =>
    (await this.#options.requests.head(key, 0)) !== undefined;
}
