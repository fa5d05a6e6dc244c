import { findBehindGap } from '../../rollover/find-sequence.js';
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

  /** When its successor was found, by the monotonic clock; infinite for the current object. */
  leftAt: number;

  /** Whether it is asked for with each poll after it was left, and not only when `lag` has passed. */
  isWatched: boolean;
}

/** Objects that were left and are asked for with each poll, at most. */
const mostWatched = 8;

/**
 * Reads the objects of a stream with `rollover`, one after the other.
 *
 * A writer goes on only when it is through with an object. So when the next one exists, the object is
 * asked for once more, and read to its end. Other writers may be late: until `lag` has passed,
 * objects that were left, and the next of their period, are asked for too. Those that were left while
 * the reader was catching up, or are too many, are asked for once, when `lag` has passed.
 */
export class SeriesFollower {
  readonly #options: SeriesFollowerOptions;

  /** Oldest first. The last one is the current object; the others were left. */
  #open: OpenObject[] = [];

  /** When the current object was last found to be the last one. */
  #atEndAt = Number.NEGATIVE_INFINITY;

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
      const exists = position > 0 || (await this.#isDeleted(place));
      return this.#openAt(place, { start: position, exists });
    }
    const now = nodeTimers.date();
    const present = { startedAt: now, sequence: 0 };
    if (start === 0) {
      // Where it seeks no gap, a writer may begin with this object again.
      const exists = series.seeksGap && (await this.#isDeleted(present));
      return this.#openAt(present, { exists });
    }
    const last = await findLastPlace(series, now, this.#exists);
    return last === undefined ? this.#openAt(present) : this.#openAt(last, { start: start ?? 0 });
  }

  /** Whether an object is missing that was there before: a later one of its period exists. */
  async #isDeleted(place: SeriesPlace): Promise<boolean> {
    const ask = async (sequence: number) =>
      (await this.#exists(this.#options.series.keyOf({ ...place, sequence }))) || undefined;
    if (await ask(place.sequence)) return false;
    return (await findBehindGap(ask, place.sequence)) !== undefined;
  }

  /** Reads all that is new, also in further objects. */
  async *#poll(first: OpenObject): AsyncGenerator<ReadItem, boolean> {
    let hasGrown = false;
    const begunAt = nodeTimers.now();
    await this.#openLate(begunAt);
    for (let current = first; ; ) {
      const grown = yield* this.#readNew(begunAt);
      hasGrown ||= grown.length > 0;
      // While the last object grows, one request is enough.
      const isGrowing = grown.includes(current) && !current.tail.isComplete;
      if (current.isLast && isGrowing) break;
      const isBegun = current.tail.exists;
      const place = await current.search.find(nodeTimers.date(), { isBegun });
      if (place === undefined) break;
      hasGrown = true;
      // What the writer appended before it went on; perhaps it began this object only now.
      yield* this.#readNew(begunAt);
      if (current.tail.exists !== isBegun) continue;
      const next = this.#openAt(place);
      const { key, position } = current.tail;
      this.#leave(current);
      this.#open.push(next);
      const left = isBegun ? { key, position } : undefined;
      yield { next: next.tail.key, start: 0, left };
      current = next;
    }
    (this.#open.at(-1) ?? first).isLast = true;
    this.#atEndAt = nodeTimers.now();
    return hasGrown;
  }

  /**
   * Reads what is new in the current object, and in those that were left.
   *
   * @param begunAt When the poll began. Objects whose `lag` had passed then are asked for the last time.
   * @returns The objects that have grown.
   */
  async *#readNew(begunAt: number): AsyncGenerator<ReadPiece, readonly OpenObject[]> {
    const grown: [OpenObject, Growth][] = [];
    // Newest first: what a writer appended to an older object before is seen then.
    for (const object of this.#open.toReversed()) {
      if (!this.#isAskedFor(object, begunAt)) continue;
      const growth = await object.tail.look();
      if (growth !== undefined) grown.unshift([object, growth]);
    }
    for (const [{ tail }, growth] of grown) {
      for await (const bytes of tail.read(growth)) {
        yield { key: tail.key, bytes, end: tail.position };
      }
    }
    this.#open = this.#open.filter(
      (object) =>
        object === this.#open.at(-1) || !(object.tail.isComplete || this.#isOver(object, begunAt)),
    );
    return grown.map(([object]) => object);
  }

  #isOver({ leftAt }: OpenObject, begunAt: number): boolean {
    return begunAt >= leftAt + this.#options.lag;
  }

  #isAskedFor(object: OpenObject, begunAt: number): boolean {
    return object.isWatched || this.#isOver(object, begunAt);
  }

  #leave(object: OpenObject): void {
    const { lag, schedule } = this.#options;
    object.leftAt = nodeTimers.now();
    object.tail.leave();
    // Its writers left it just now, or long ago: then the reader is catching up.
    const isCatchingUp = object.leftAt - this.#atEndAt > lag;
    const older = this.#open.filter((other) => other !== object);
    for (const other of isCatchingUp ? older : older.slice(0, -mostWatched + 1)) {
      other.isWatched = false;
    }
    const { exists, isComplete } = object.tail;
    const isThrough = schedule === undefined || lag === 0 || isComplete || !exists;
    if (isThrough) this.#open = older;
  }

  /** Opens the next objects of a period that was left, if a writer that is late has begun them. */
  async #openLate(begunAt: number): Promise<void> {
    const { series } = this.#options;
    for (const [index, object] of [...this.#open.entries()].reverse()) {
      const { place, leftAt, isWatched } = object;
      const successor = this.#open[index + 1];
      if (successor === undefined || !this.#isAskedFor(object, begunAt)) continue;
      if (!series.isPeriodAfter(successor.place, place)) continue;
      for (let count = 1; ; count++) {
        const next = { ...place, sequence: place.sequence + count };
        if (!(await this.#exists(series.keyOf(next)))) break;
        const late = { ...this.#openAt(next), leftAt, isWatched };
        late.tail.leave();
        this.#open.splice(index + count, 0, late);
      }
    }
  }

  #openAt(place: SeriesPlace, from: Pick<ObjectTailOptions, 'start' | 'exists'> = {}): OpenObject {
    const { series, requests, tail } = this.#options;
    return {
      place,
      tail: new ObjectTail(series.keyOf(place), requests, { ...tail, ...from }),
      search: new SuccessorSearch({ series, place, exists: this.#exists }),
      isLast: false,
      leftAt: Number.POSITIVE_INFINITY,
      isWatched: true,
    };
  }

  readonly #exists = async (key: string): Promise<boolean> =>
    (await this.#options.requests.head(key, 0)) !== undefined;
}
