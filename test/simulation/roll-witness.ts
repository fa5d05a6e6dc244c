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

  /** Offset in the source of the end of the bytes that the stream has accepted. */
  readonly accepted: () => number;
}

/** When bytes were accepted. */
interface Acceptance {
  /** Offset in the source of their end. */
  readonly end: number;
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

  /** Whether the old object has content, and would have become too long. */
  readonly isFull: boolean;

  /** Whether units part there. */
  readonly isBound: boolean;
}

const reasons = ['size', 'interval', 'full', 'sealed', 'conflict'];

/** A timer may be so late although nothing has disturbed it, because dates are whole milliseconds. */
const lateness = 2;

/** Compares what a stream does with the objects of a rolling plan with what it must do. */
export class RollWitness {
  readonly #scene: RollScene;
  readonly #units: Units;
  readonly #accepted: Acceptance[] = [];
  readonly #moves: Move[] = [];
  readonly #events: RolloverEvent[] = [];
  #run: Run | undefined;

  /** Offset of the end of what had been accepted when the object of the run was opened in need. */
  #softEnd: number;

  /** Offsets of the last chunk sent. */
  #sentStart: number;
  #sentEnd: number;

  /** The period of the object, as the witness sees it. */
  #label: string | undefined;

  /** Whether the first unit belongs to a later period than that in which it was opened. */
  #isLate = false;

  /** Key and position told when the stream was ready. */
  #first: { readonly key: string; readonly position: number } | undefined;

  constructor(scene: RollScene) {
    this.#scene = scene;
    this.#units = new Units({ ...scene, source: scene.ledger.source });
    this.#label = scene.plan.periods?.labelOf(scene.time.date);
    this.#sentStart = scene.start;
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
    const { date, disturbances } = time;
    if (end > (this.#accepted.at(-1)?.end ?? start)) {
      this.#accepted.push({ end, date, disturbances });
    }
    return end;
  }

  ready(key: string, position: number): void {
    this.#first = { key, position };
    this.#softEnd = this.watch();
  }

  rolled(event: RolloverEvent): void {
    this.#scene.chronicle.count('rolled', event.reason);
    this.#events.push(event);
  }

  /** A chunk is about to be sent, for the first time or again. */
  sent(offset: number, byteLength: number): void {
    this.watch();
    const run = this.#scene.sent.runAt(offset) as Run;
    const isNew = run !== this.#run;
    if (isNew) this.#enter(run);
    const end = offset + byteLength;
    if (end > this.#sentEnd) this.#sentStart = offset;
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

  #enter(to: Run): void {
    const from = this.#run;
    this.#run = to;
    const { offset, key } = to;
    const { recordDelimiter } = this.#scene;
    const isBound = this.#units.isBound(offset);
    const isInRecord = recordDelimiter !== undefined && !isBound;
    if (from === undefined) {
      // The first bytes may come later than the stream was opened.
      this.#isLate = this.#hasLeft(this.#acceptanceOf(offset).date);
      if (this.#isOver(offset)) this.#label = this.#labelFor(offset, key);
      this.#checkLabel(key);
      return;
    }
    if (isInRecord || this.#units.isWithinWhole(offset)) {
      this.#blame(`${key} begins at ${offset}, within a unit`);
    }
    const place = from.position + offset - from.offset;
    const end = place + this.#units.endOf(offset) - offset;
    const isMoved = this.#scene.sent.hasSent(from.key, place);
    const isOver = !isMoved && this.#isOver(offset);
    const isFull = !isMoved && place > 0 && end > this.#scene.maxSize;
    this.#moves.push({ from, to, isOver, isFull, isBound });
    if (isOver) this.#label = this.#labelFor(offset, key);
    this.#softEnd = isFull || isOver ? offset : this.watch();
    this.#checkLabel(key);
  }

  /** Whether the unit at `offset` was accepted, or a part of it, in another period than the object's. */
  #isOver(offset: number): boolean {
    return this.#datesOf(offset).some((date) => this.#hasLeft(date));
  }

  #hasLeft(date: number): boolean {
    const { periods } = this.#scene.plan;
    return this.#label !== undefined && periods?.mustLeave(this.#label, date) === true;
  }

  /** The period of the unit at `offset`, if it or the key tells; its parts may be of several. */
  #labelFor(offset: number, key: string): string | undefined {
    const { periods } = this.#scene.plan;
    const labels = this.#datesOf(offset).map((date) => periods?.labelOf(date));
    const shown = this.#labelIn(key);
    if (shown !== undefined) return labels.includes(shown) ? shown : labels[0];
    return labels.every((label) => label === labels[0]) ? labels[0] : undefined;
  }

  /** When the parts of the unit at `offset` were accepted. */
  #datesOf(offset: number): readonly number[] {
    const end = this.#units.endOf(offset);
    const first = this.#accepted.findIndex((it) => it.end > offset);
    const { date } = this.#scene.time;
    if (first === -1) return [date];
    const last = this.#accepted.findIndex((it) => it.end >= end);
    const parts = this.#accepted.slice(first, last === -1 ? undefined : last + 1);
    return [...parts.map((part) => part.date), ...(last === -1 ? [date] : [])];
  }

  #labelIn(key: string): string | undefined {
    const { keys, periods } = this.#scene.plan;
    if (periods === undefined || typeof periods.interval === 'number' || keys.isFunction) {
      return undefined;
    }
    return keys.parse(key).date.slice(0, labelLengths[periods.interval]);
  }

  #checkLabel(key: string): void {
    const shown = this.#labelIn(key);
    if (shown === undefined || shown === this.#label) return;
    this.#blame(`${key} is for bytes of ${this.#label}`);
  }

  /** No object gets a unit of a later period, unless the clock was not read because it was disturbed. */
  #checkPeriods(start: number, end: number, { key }: Run): void {
    const { periods } = this.#scene.plan;
    if (periods === undefined) return;
    const opened = this.#acceptanceOf(start);
    for (const unit of this.#units.startsIn(start, end)) {
      const { date, disturbances } = this.#acceptanceOf(unit);
      this.#label ??= periods.labelOf(date);
      if (!this.#hasLeft(date) || !this.#hasLeft(date - lateness)) continue;
      if (disturbances !== opened.disturbances) continue;
      this.#blame(`${key}, of ${this.#label}, gets the unit at ${unit} of ${periods.textOf(date)}`);
      return;
    }
  }

  #acceptanceOf(offset: number): Pick<Acceptance, 'date' | 'disturbances'> {
    return this.#accepted.find((it) => it.end > offset) ?? this.#scene.time;
  }

  /** No object is longer than allowed, but for one unit, or for what had been accepted before. */
  #checkSizes(start: number, end: number, run: Run): void {
    const { maxSize, bound } = this.#scene;
    const place = (offset: number) => run.position + offset - run.offset;
    if (place(end) <= maxSize) return;
    const units = this.#units.startsIn(start, end);
    for (const unit of new Set([this.#units.startOf(start), ...units])) {
      const isLong = place(Math.min(this.#units.endOf(unit), end)) > maxSize;
      // The beginning of a record may have been sent when nobody knew how long it would be.
      const isKnown = unit >= start || place(this.#units.knownEnd(unit)) > maxSize;
      const isSoft = unit < this.#softEnd && place(unit) <= maxSize + bound;
      if (!isLong || !isKnown || isSoft || place(unit) <= 0) continue;
      this.#blame(`${run.key} gets the unit at ${unit}, and then has more than ${maxSize} bytes`);
      return;
    }
  }

  #checkEvents(): void {
    const { sent, start } = this.#scene;
    const { runs } = sent;
    let place = this.#first ?? { key: '', position: 0 };
    const isAsOpened = runs[0]?.key === place.key;
    if (isAsOpened && this.#isLate) this.#blame(`${place.key} got bytes of a later period`);
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
      if (from.key !== place.key || (isNext && from.position !== position)) {
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

  #checkReason({ from, reason }: RolloverEvent, move: Move | undefined): void {
    if (!reasons.includes(reason)) this.#blame(`it rolled because of ${reason}`);
    if (move === undefined || move.from.key !== from.key) return;
    const { plan, store } = this.#scene;
    const history = store.history(from.key);
    const hasCommitted = move.to.offset > move.from.offset;
    const isRight = {
      size: move.isFull && move.isBound,
      interval: move.isOver && move.isBound,
      full: from.position > 4.9e9,
      sealed: history.wasClosed,
      conflict:
        (history.isShared || (from.position === 0 && history.length > 0)) &&
        (plan.conflict === 'rollover' || !hasCommitted),
    }[reason];
    if (!isRight) this.#blame(`it left ${from.key} at ${from.position} because of ${reason}`);
  }

  #blame(problem: string): void {
    this.#scene.chronicle.blame(problem);
  }
}
