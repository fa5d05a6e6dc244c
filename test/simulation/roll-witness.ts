import type { RolloverEvent } from '../../src/index.js';
import type { Chronicle } from './chronicle.js';
import type { Ledger } from './ledger.js';
import { labelLengths } from './local-period.js';
import type { RollingPlan } from './rolling-plan.js';
import type { Run, SentAppends } from './sent-appends.js';
import type { SimulatedStore } from './simulated-store.js';
import { Units, type UserWrite } from './units.js';
import type { VirtualTime } from './virtual-time.js';

export interface RollScene {
  readonly plan: RollingPlan;
  readonly store: SimulatedStore;
  readonly chronicle: Chronicle;
  readonly time: VirtualTime;
  readonly sent: SentAppends;
  readonly ledger: Ledger;
  readonly writes: readonly UserWrite[];

  /** Offset in the source of the first byte of the stream. */
  readonly start: number;
  readonly recordDelimiter: string | undefined;
  readonly maxSize: number;

  /** Most bytes that may have been accepted when an object is opened. */
  readonly bound: number;

  /** Whether every checksum of the store is right. */
  readonly isTruthful: boolean;

  /** Whether the stream continues no object that another writer has created. */
  readonly isExclusive: boolean;

  /** Offset in the source of the end of the bytes that the stream has accepted. */
  readonly accepted: () => number;
}

/** When bytes were accepted. */
interface Acceptance {
  /** Offset in the source of their end. */
  readonly end: number;
  readonly now: number;
  readonly date: number;

  /** How often the clocks had been disturbed. */
  readonly disturbances: number;
}

/** A move of a stream from one object to the next, as its appends show it. */
interface Move {
  readonly from: Run;
  readonly to: Run;

  /** Whether the first unit of the new object was accepted in another period. */
  readonly isOver: boolean;

  /** Whether the old object has content, and would have become too long, as far as one can know. */
  readonly isFull: boolean;

  /** Whether units part there. */
  readonly isBound: boolean;
}

const reasons = ['size', 'interval', 'full', 'sealed', 'conflict'];

/** Length from which an object may be full. */
export const nearlyFull = 4.9e9;

/** A timer may be so late although nothing has disturbed it, because dates are whole milliseconds. */
const lateness = 2;

/** Compares what a stream does with the objects of a rolling plan with what it must do. */
export class RollWitness {
  readonly #scene: RollScene;
  readonly #units: Units;
  readonly #accepted: Acceptance[] = [];
  readonly #moves: Move[] = [];

  /** When the date came into another period. */
  readonly #timeline: { readonly now: number; readonly date: number; readonly label: unknown }[] =
    [];
  readonly #events: RolloverEvent[] = [];
  #run: Run | undefined;

  /** Offset of the end of what had been accepted when an object was opened without a mark. */
  #softEnd: number;

  /** Offsets of the last chunk sent. */
  #sentStart: number;
  #sentEnd: number;

  /** Offset of the first byte of the chunk before. */
  #startBefore: number;

  /** The period of the object; several, if the witness cannot know which. */
  #labels: readonly string[];

  /** Whether others have appended to the object since the last commit. */
  #isShifted = false;

  /** Whether the object got bytes that another one had refused. */
  #isMoved = false;

  /** Whether the first unit belongs to a later period than that in which it was opened. */
  #isLate = false;

  /** Key and position told when the stream was ready. */
  #first: { readonly key: string; readonly position: number } | undefined;

  constructor(scene: RollScene) {
    this.#scene = scene;
    this.#units = new Units({ ...scene, source: scene.ledger.source });
    const { periods } = scene.plan;
    this.#labels = periods === undefined ? [] : [periods.labelOf(scene.time.date)];
    this.#sentStart = scene.start;
    this.#startBefore = scene.start;
    this.#sentEnd = scene.start;
    this.#softEnd = scene.start;
  }

  get rollovers(): readonly RolloverEvent[] {
    return this.#events;
  }

  /** Notes when bytes were accepted; returns the end of them. */
  watch(): number {
    const { start, time, accepted } = this.#scene;
    const end = accepted();
    const { now, date, disturbances } = time;
    const label = this.#scene.plan.periods?.labelOf(date);
    if (label !== this.#timeline.at(-1)?.label) this.#timeline.push({ now, date, label });
    if (end > (this.#accepted.at(-1)?.end ?? start)) {
      this.#accepted.push({ end, now, date, disturbances });
    }
    return end;
  }

  ready(key: string, position: number): void {
    this.#first = { key, position };
    if (this.#run === undefined) this.#softEnd = this.watch();
  }

  /** Bytes have been committed: only now the stream knows how long others have made the object. */
  committed(): void {
    if (this.#isShifted) this.#softEnd = this.watch();
    this.#isShifted = false;
  }

  rolled(event: RolloverEvent): void {
    this.#scene.chronicle.count('rolled', event.reason);
    this.#events.push(event);
  }

  /** A chunk is about to be sent, for the first time or again. */
  sent(offset: number, byteLength: number): void {
    this.watch();
    const run = this.#scene.sent.runAt(offset) as Run;
    const isNew = run.key !== this.#run?.key;
    if (isNew) this.#enter(run);
    else if (run !== this.#run) this.#shift(run);
    const end = offset + byteLength;
    if (this.#isRebasing) this.#checkShared(offset, run);
    if (end > this.#sentEnd) {
      this.#startBefore = this.#sentStart;
      this.#sentStart = offset;
    }
    if (!isNew && end <= this.#sentEnd) return;
    this.#checkPeriods(offset, end, run);
    this.#checkSizes(offset, end, run);
    this.#sentEnd = end;
  }

  /** Whether the bytes from `offset` on must be in the same object as those before. */
  isUndividedAt(offset: number): boolean {
    if (this.#scene.recordDelimiter === undefined) return this.#units.isWithinWhole(offset);
    const isPart = this.#sentStart < offset && offset < this.#sentEnd;
    return isPart || !this.#units.isBound(offset);
  }

  conclude(): void {
    this.#checkEvents();
  }

  get #isRebasing(): boolean {
    return this.#scene.plan.conflict === 'rebase';
  }

  /** The bytes are for the end of the same object, to which others have appended. */
  #shift(run: Run): void {
    const { isExclusive } = this.#scene;
    if (isExclusive && this.#run?.position === 0 && this.#run.offset === run.offset) {
      this.#blame(`it continues ${run.key}, which it has not created`);
    }
    this.#run = run;
    this.#isShifted = true;
    this.#softEnd = this.watch();
  }

  /** Beyond `maxSize` an object gets only what must not leave it. */
  #checkShared(offset: number, run: Run): void {
    const place = run.position + offset - run.offset;
    if (place < this.#scene.maxSize || this.isUndividedAt(offset)) return;
    this.#blame(`${run.key} gets bytes at ${place}, although others have filled it`);
  }

  #enter(to: Run): void {
    const from = this.#run;
    this.#run = to;
    const { offset, key } = to;
    const { recordDelimiter } = this.#scene;
    const isBound = this.#units.isBound(offset);
    const isInRecord = recordDelimiter !== undefined && !isBound;
    if (from === undefined) {
      // The first chunk may leave before 'ready' is told.
      if (this.#first === undefined) this.#softEnd = this.watch();
      this.#isMoved = (this.#first?.position ?? 0) > nearlyFull;
      // The first bytes may come later than the stream was opened.
      this.#isLate = this.#datesOf(offset).every((date) => this.#hasLeft(date));
      this.#changePeriod(offset, key);
      return;
    }
    if (isInRecord || this.#units.isWithinWhole(offset)) {
      this.#blame(`${key} begins at ${offset}, within a unit`);
    }
    const place = from.position + offset - from.offset;
    const end = place + this.#units.endOf(offset) - offset;
    const isMoved = this.#scene.sent.hasSent(from.key, place);
    const isOver = !isMoved && this.#datesOf(offset).some((date) => this.#mayHaveLeft(date));
    // Where the object before takes no more, this one gets what was to fill that.
    const wasMoved = this.#isMoved;
    // A chunk that would be too much for OSS, or is for an object that others fill too and that is full,
    // is moved before it is sent.
    const isFilled = this.#isRebasing && place >= this.#scene.maxSize;
    this.#isMoved = isMoved || place > nearlyFull || isFilled;
    const isFull = !isMoved && place > 0 && (wasMoved || end > this.#scene.maxSize);
    this.#moves.push({ from, to, isOver, isFull, isBound });
    this.#softEnd = (isFull || isOver) && !isFilled ? offset : this.watch();
    this.#changePeriod(isMoved ? undefined : offset, key, isFilled);
  }

  /** Whether bytes accepted at `date` are certainly of another period than the object. */
  #hasLeft(date: number): boolean {
    const { periods } = this.#scene.plan;
    return periods !== undefined && this.#labels.every((it) => periods.mustLeave(it, date));
  }

  #mayHaveLeft(date: number): boolean {
    return this.#labels.some((it) => this.#scene.plan.periods?.mustLeave(it, date));
  }

  /**
   * The object `key` begins with the unit at `offset`, or with one that was in another object.
   *
   * @param mayStay Whether the unit may have been accepted for the object before.
   */
  #changePeriod(offset: number | undefined, key: string, mayStay = false): void {
    const { periods } = this.#scene.plan;
    if (periods === undefined) return;
    const dates = offset === undefined ? [] : this.#datesOf(offset);
    const others = dates.filter((date) => this.#mayHaveLeft(date));
    const stays = offset === undefined || mayStay || !dates.every((date) => this.#hasLeft(date));
    const labels = [...(stays ? this.#labels : []), ...others.map((date) => periods.labelOf(date))];
    const shown = this.#labelIn(key);
    if (shown !== undefined && !labels.includes(shown)) {
      this.#blame(`${key} is for bytes of ${labels.join(' or ')}`);
    }
    this.#labels = shown === undefined ? [...new Set(labels)] : [shown];
  }

  /**
   * Dates at which the stream may have decided where the unit at `offset` goes: when it got it from
   * Node's queue, which nobody sees, and when it accepted its parts.
   */
  #datesOf(offset: number): readonly number[] {
    const { time } = this.#scene;
    const end = this.#units.endOf(offset);
    const before = this.#accepted.find((it) => it.end >= offset);
    const written = this.#units.writeAt(offset) ?? time;
    const got = before !== undefined && before.now > written.now ? before : written;
    const parts = this.#accepted.filter((it, index) => {
      return it.end > offset && (this.#accepted[index - 1]?.end ?? 0) < end;
    });
    const isUnfinished = (this.#accepted.at(-1)?.end ?? 0) < end;
    const known = [got, ...parts, ...(isUnfinished ? [time] : [])];
    const last = known.at(-1)?.now ?? time.now;
    const turns = this.#timeline.filter(({ now }) => got.now < now && now < last);
    return [...known, ...turns].map(({ date }) => date);
  }

  #labelIn(key: string): string | undefined {
    const { keys, periods } = this.#scene.plan;
    if (periods === undefined || typeof periods.interval === 'number' || keys.isFunction) {
      return undefined;
    }
    return keys.parse(key).date.slice(0, labelLengths[periods.interval]);
  }

  /** No object gets a unit of a later period, unless the clock was not read because it was disturbed. */
  #checkPeriods(start: number, end: number, { key }: Run): void {
    const { periods } = this.#scene.plan;
    if (periods === undefined) return;
    const { recordDelimiter } = this.#scene;
    for (const unit of this.#units.startsIn(start, end)) {
      const { date, disturbances } = this.#acceptanceOf(unit);
      if (!this.#hasLeft(date) || !this.#hasLeft(date - lateness)) continue;
      // It may have waited, or turned out to be too long, while one period went over to the next.
      if (!this.#datesOf(unit).every((part) => this.#hasLeft(part))) continue;
      // The first record of a chunk may have begun in the chunk before, for which it was too long.
      const isFirst = unit === start && recordDelimiter !== undefined;
      const opened = this.#acceptanceOf(isFirst ? this.#startBefore : start);
      if (disturbances !== opened.disturbances) continue;
      this.#blame(
        `${key}, of ${this.#labels}, gets the unit at ${unit} of ${periods.textOf(date)}`,
      );
      return;
    }
  }

  #acceptanceOf(offset: number): Pick<Acceptance, 'date' | 'disturbances'> {
    return this.#accepted.find((it) => it.end > offset) ?? this.#scene.time;
  }

  /** No object is longer than allowed, but for one unit, or for what had been accepted before. */
  #checkSizes(start: number, end: number, run: Run): void {
    const { maxSize, bound, recordDelimiter } = this.#scene;
    const limit = run.offset + maxSize - run.position;
    const place = (offset: number) => run.position + offset - run.offset;
    if (place(end) <= maxSize) return;
    const units = this.#units.startsIn(start, end);
    for (const unit of new Set([this.#units.startOf(start), ...units])) {
      const isLong = place(Math.min(this.#units.endOf(unit), end)) > maxSize;
      // The beginning of a record may have been sent when nobody knew how long it would be.
      const isKnown = unit >= start || place(this.#units.knownEnd(unit)) > maxSize;
      // Records inside an append() hide where the unit began.
      const isGlued = recordDelimiter !== undefined && this.#units.goesOn(unit, limit);
      const isSoft = unit <= this.#softEnd && place(unit) <= maxSize + bound;
      if (!isLong || !isKnown || isGlued || isSoft || place(unit) <= 0) continue;
      this.#blame(`${run.key} gets the unit at ${unit}, and then has more than ${maxSize} bytes`);
      return;
    }
  }

  #checkEvents(): void {
    const { sent, start } = this.#scene;
    // Where others append, one object has several runs.
    const runs = sent.runs.filter(({ key }, index) => key !== sent.runs[index - 1]?.key);
    let place = this.#first ?? { key: '', position: 0 };
    const isAsOpened = runs[0]?.key === place.key;
    // One that does not exist yet is put off to the period of its first unit.
    const mayBeLate = place.position === 0 && this.#labelIn(place.key) === undefined;
    if (isAsOpened && this.#isLate && !mayBeLate) {
      this.#blame(`${place.key} got bytes of a later period`);
    }
    let index = isAsOpened ? 1 : 0;
    let offset = start;
    for (const event of this.#events) {
      const { from, to } = event;
      const next = runs[index];
      const before = runs[index - 1];
      const isNext = next?.key === to.key;
      if (isNext) offset = next.offset;
      const position =
        before?.key === place.key ? before.position + offset - before.offset : place.position;
      const isPlaced = this.#isRebasing ? this.#isWithin(from) : from.position === position;
      if (from.key !== place.key || (isNext && !isPlaced)) {
        this.#blame(
          `it left ${from.key} at ${from.position}, and was in ${place.key} at ${position}`,
        );
      }
      if (isNext) {
        this.#checkReason(event, this.#moves[index - 1]);
        index++;
      }
      place = { key: to.key, position: 0 };
    }
    if (index !== runs.length)
      this.#blame(`it did not tell that it went on to ${runs[index]?.key}`);
  }

  /** Whether an object that others fill too has ever been so long. */
  #isWithin({ key, position }: RolloverEvent['from']): boolean {
    return position <= this.#scene.store.history(key).mostLength;
  }

  #checkReason({ from, reason }: RolloverEvent, move: Move | undefined): void {
    if (!reasons.includes(reason)) this.#blame(`it rolled because of ${reason}`);
    if (move === undefined || move.from.key !== from.key) return;
    const { plan, store, ledger, isExclusive } = this.#scene;
    const history = store.history(from.key);
    const hasCommitted = move.to.offset > move.from.offset;
    // A wrong checksum looks like the bytes of others.
    const isConflict =
      history.isSharedBy(ledger) ||
      (from.position === 0 && history.length > 0) ||
      !this.#scene.isTruthful;
    // Others have filled it; or strangers have emptied it since its end was decided.
    const isFilled =
      this.#isRebasing && (from.position >= this.#scene.maxSize || history.removals > 0);
    const isTaken = plan.conflict === 'rollover' || !hasCommitted;
    const isRight = {
      size: (move.isFull || isFilled) && move.isBound,
      interval: move.isOver && move.isBound,
      full: from.position > nearlyFull,
      sealed: history.wasClosed,
      conflict: isConflict && isTaken && (!this.#isRebasing || isExclusive),
    }[reason];
    if (!isRight) this.#blame(`it left ${from.key} at ${from.position} because of ${reason}`);
  }

  #blame(problem: string): void {
    this.#scene.chronicle.blame(problem);
  }
}
