import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  beginReplay,
  type ChunkedClaim,
  type Claim,
  comparableLength,
  endReplay,
  landedLength,
} from '../../src/recovery/replay-plan.js';
import type { Conflict } from '../../src/recovery/saved-header.js';
import { planInSeries } from '../../src/recovery/series-plan.js';

/** One byte of the object, and its offset in our bytes; `undefined` if it is another writer's. */
interface Cell {
  readonly byte: number;
  readonly offset: number | undefined;
}

/** A chunk that was sent, or may have been: it lands as a whole at its position, or never. */
interface Sent {
  /** Number of the object. */
  readonly object: number;
  readonly position: number;
  readonly start: number;
  readonly end: number;
}

/** The outcome of one request of a replay. */
type Fate =
  /** Stored, and answered. */
  | 'answered'
  /** Stored, but the replay is killed or gives up before it gets the answer. */
  | 'stored'
  /** In flight when the replay is killed or gives up; it lands later if the position still fits. */
  | 'late'
  /** Certainly not stored. */
  | 'refused';

/** How a replay is interrupted. */
type End = 'killed' | 'killed before it notes' | 'gives up';

type Step =
  | {
      readonly kind: 'replay';
      readonly conflict: Conflict;
      readonly fates: readonly Fate[];
      readonly end: End;
    }
  | { readonly kind: 'race'; readonly first: Intrusion; readonly end: End }
  | { readonly kind: 'stranger'; readonly stranger: Stranger }
  | { readonly kind: 'seal' }
  | { readonly kind: 'land' };

/** What happens between the note of a replay and its first append. */
type Intrusion = Stranger | 'late ones' | 'a seal';

/** An append of another writer: a few bytes of its own, then a copy of ours from `from` on. */
interface Stranger {
  /** Whether it creates the next object, instead of appending to that of the file. */
  readonly isAhead: boolean;
  readonly before: readonly number[];

  /** An offset in our bytes; `next` is the one that would follow in the object now. */
  readonly from: 'next' | number;
  readonly length: number;
}

const chunkSize = 3;

/** An object; one without cells does not exist yet. */
interface Shelf {
  readonly cells: Cell[];
  isSealed: boolean;
}

/** What the file says. */
interface Note {
  readonly object: number;
  readonly claim: Claim;
}

interface LifeOptions {
  readonly bytes: readonly number[];

  /** Length of the first object at the start. */
  readonly before: number;
  readonly first: 'landed' | 'late' | 'unsent';

  /** Length of the chunk that was sent, if one was. */
  readonly doubtful: number;

  /** Whether there are further objects. */
  readonly isSeries: boolean;

  /** Bytes beyond those of the file that an object can hold. */
  readonly slack: number;
}

/** Simulates a file of uncommitted bytes, objects, and events that change them. */
class Life {
  readonly #options: LifeOptions;
  readonly #bytes: readonly number[];
  readonly #objects: Shelf[] = [];

  /** Requests in flight that may still land. */
  #late: Sent[] = [];

  /** All chunks that may have been sent. */
  readonly #explained: Sent[];
  #note: Note;

  /** Our bytes for which a replay mistook equal bytes of another writer, indistinguishably. */
  readonly #taken = new Set<number>();

  constructor(options: LifeOptions) {
    const { bytes, before, first } = options;
    this.#options = options;
    this.#bytes = bytes;
    const cells = Array.from({ length: before }, () => ({ byte: 0, offset: undefined }));
    this.#objects.push({ cells, isSealed: false });
    const doubtful = first === 'unsent' ? 0 : Math.min(options.doubtful, bytes.length);
    const claim = { position: before, byteLength: bytes.length, doubtful, replay: undefined };
    this.#note = { object: 0, claim };
    const chunk = { object: 0, position: before, start: 0, end: doubtful };
    this.#explained = doubtful === 0 ? [] : [chunk];
    if (first === 'landed') this.#store(chunk);
    if (first === 'late') this.#late = [chunk];
  }

  live(step: Step): void {
    switch (step.kind) {
      case 'replay':
        this.#replay(step.conflict, step);
        break;
      case 'race':
        this.#replay('fail', { fates: [], end: step.end, first: step.first });
        break;
      case 'stranger':
        this.#letIn(step.stranger);
        break;
      case 'seal':
        this.#seal();
        break;
      case 'land':
        this.#land();
        break;
    }
  }

  /** Runs a last replay to its end and checks the objects. */
  finish(): void {
    this.#land();
    this.#replay(this.#options.isSeries ? 'rollover' : 'rebase', { fates: [], end: 'gives up' });
    const cells = this.#objects.flatMap((object) => object.cells);
    const ours = cells.flatMap(({ offset }) => (offset === undefined ? [] : [offset]));
    expect(ours.toSorted((a, b) => a - b)).toEqual(ours);
    expect(new Set(ours).size).toBe(ours.length);
    const there = new Set([...ours, ...this.#taken]);
    const missing = [...this.#bytes.keys()].filter((offset) => !there.has(offset));
    // A sealed object takes nothing, and without a series there is no other.
    const isStuck = !this.#options.isSeries && this.#objects[0]?.isSealed === true;
    expect(isStuck ? [] : missing).toEqual([]);
    const { length } = cells;
    this.#replay('fail', { fates: [], end: 'killed' });
    expect(this.#objects.flatMap((object) => object.cells)).toHaveLength(length);
  }

  #replay(
    conflict: Conflict,
    how: { readonly fates: readonly Fate[]; readonly end: End; readonly first?: Intrusion },
  ): void {
    let { object, claim } = this.#note;
    const fates = [...how.fates];
    let { first } = how;
    for (let hasFailed = false; ; ) {
      const start = this.#bytes.length - claim.byteLength;
      const plan = this.#plan(object, claim, conflict);
      if (plan.action === 'refuse') {
        expect(plan.reason).not.toBe('shorter');
        return;
      }
      if (hasFailed && plan.action === 'append') return;
      const isDone = plan.action === 'nothing';
      this.#take(object, claim, { start, length: isDone ? claim.byteLength : plan.start });
      if (isDone) return;
      if (plan.action === 'move') {
        const byteLength = claim.byteLength - plan.start;
        claim = { position: 0, byteLength, doubtful: 0, replay: undefined };
        object = this.#objects.length;
        this.#objects.push({ cells: [], isSealed: false });
        hasFailed = false;
        continue;
      }
      if (how.end === 'killed before it notes') return;
      const begun = beginReplay(claim, plan);
      this.#note = { object, claim: begun };
      if (first === 'late ones') this.#land();
      else if (first === 'a seal') this.#seal();
      else if (first !== undefined) this.#letIn(first);
      first = undefined;
      const progress = this.#send(object, begun, fates);
      if (progress === undefined) {
        if (plan.byteLength === undefined) return;
        claim = endReplay(claim, plan, { committed: plan.byteLength, doubtful: 0 });
        continue;
      }
      if (how.end !== 'gives up') {
        // Its progress is unknown: according to the file it may have sent everything.
        this.#explained.push(...this.#chunksOf(object, begun));
        return;
      }
      claim = endReplay(claim, plan, progress);
      this.#note = { object, claim };
      hasFailed = true;
    }
  }

  #plan(object: number, claim: Claim, conflict: Conflict) {
    const { isSeries, slack } = this.#options;
    const maxSize = this.#bytes.length + slack;
    const { cells = [], isSealed: sealed = false } = this.#objects[object] ?? {};
    const state = { length: cells.length, appendable: true, sealed };
    const matching = this.#compare(object, claim, comparableLength(claim, cells.length));
    const exists = cells.length > 0 || sealed;
    const how = { conflict, chunkSize, isSeries, maxSize };
    return planInSeries(claim, exists ? state : undefined, matching, how);
  }

  /** Sends the chunks of a claim in turn. Returns the known progress, or `undefined` at the end. */
  #send(
    object: number,
    claim: ChunkedClaim,
    fates: Fate[],
  ): { committed: number; doubtful: number } | undefined {
    const { cells, isSealed } = this.#objects[object] as Shelf;
    for (const chunk of this.#chunksOf(object, claim)) {
      const committed = chunk.position - claim.position;
      const doubtful = chunk.end - chunk.start;
      if (cells.length !== chunk.position) {
        // The stream reconciles: it treats equal bytes as its own.
        const grown = cells.slice(chunk.position).map(({ byte }) => byte);
        const alike = grown.every((byte, index) => byte === this.#bytes[chunk.start + index]);
        if (!alike || grown.length > doubtful) return { committed, doubtful: 0 };
        if (grown.length < doubtful) {
          return { committed: committed + grown.length, doubtful: doubtful - grown.length };
        }
        this.#explained.push(chunk);
        this.#take(object, claim, {
          start: chunk.start - committed,
          length: committed + doubtful,
        });
        continue;
      }
      if (isSealed) return { committed, doubtful: 0 };
      const fate = fates.shift() ?? 'answered';
      if (fate === 'refused') return { committed, doubtful: 0 };
      this.#explained.push(chunk);
      if (fate === 'late') {
        this.#late.push(chunk);
        return { committed, doubtful };
      }
      this.#store(chunk);
      if (fate === 'stored') return { committed, doubtful };
    }
    return undefined;
  }

  #chunksOf(object: number, claim: ChunkedClaim): Sent[] {
    const { position, byteLength, doubtful, replay } = claim;
    const base = this.#bytes.length - byteLength;
    const chunks: Sent[] = [];
    for (let from = 0; from < doubtful; ) {
      const size = from === 0 ? replay.firstChunkSize : replay.chunkSize;
      const to = Math.min(from + size, doubtful);
      expect([landedLength(claim, from), landedLength(claim, to)]).toEqual([from, to]);
      chunks.push({ object, position: position + from, start: base + from, end: base + to });
      from = to;
    }
    return chunks;
  }

  #compare(object: number, { position, byteLength }: Claim, length: number): number {
    const start = this.#bytes.length - byteLength;
    for (let index = 0; index < length; index++) {
      const found = this.#objects[object]?.cells[(position as number) + index]?.byte;
      if (found !== this.#bytes[start + index]) return index;
    }
    return length;
  }

  /** Checks that the first `length` bytes of a claim may have landed, and counts them as ours. */
  #take(
    object: number,
    { position }: Claim,
    { start, length }: { readonly start: number; readonly length: number },
  ): void {
    for (let offset = start; offset < start + length; offset++) {
      const place = (position as number) + offset - start;
      if (this.#objects[object]?.cells[place]?.offset === offset) continue;
      const isExplained = this.#explained.some(
        (it) =>
          it.object === object &&
          it.start <= offset &&
          offset < it.end &&
          it.position + offset - it.start === place &&
          it.end - start <= length,
      );
      expect(isExplained, `byte ${offset} of ours at ${place} was never sent there`).toBe(true);
      this.#taken.add(offset);
    }
  }

  #store({ object, position, start, end }: Sent): void {
    const { cells } = this.#objects[object] as Shelf;
    expect(cells).toHaveLength(position);
    for (let offset = start; offset < end; offset++) {
      cells.push({ byte: this.#bytes[offset] as number, offset });
    }
  }

  /** Stores the requests in flight whose position still fits. */
  #land(): void {
    for (const sent of this.#late.splice(0)) {
      const { cells, isSealed } = this.#objects[sent.object] as Shelf;
      if (cells.length === sent.position && !isSealed) this.#store(sent);
    }
  }

  /** Only an object that exists can be sealed. */
  #seal(): void {
    const object = this.#objects[this.#note.object] as Shelf;
    if (object.cells.length > 0) object.isSealed = true;
  }

  #letIn({ isAhead, before, from, length }: Stranger): void {
    const { object, claim } = this.#note;
    if (isAhead && this.#options.isSeries) this.#objects.push({ cells: [], isSealed: false });
    const { cells, isSealed } = this.#objects[
      isAhead && this.#options.isSeries ? this.#objects.length - 1 : object
    ] as Shelf;
    if (isSealed) return;
    const { position, byteLength } = claim;
    const next = this.#bytes.length - byteLength + cells.length - (position as number);
    const start = from === 'next' ? Math.max(0, next) : from;
    const alike = this.#bytes.slice(start, start + length);
    for (const byte of [...before, ...alike]) cells.push({ byte, offset: undefined });
  }
}

const stranger: fc.Arbitrary<Stranger> = fc.record({
  isAhead: fc.boolean(),
  before: fc.array(fc.integer({ min: 1, max: 2 }), { maxLength: 2 }),
  from: fc.oneof(fc.constant('next' as const), fc.nat(14)),
  length: fc.nat(8),
});
const end = fc.constantFrom<End>('killed', 'killed before it notes', 'gives up');
const fates = fc.array(fc.constantFrom<Fate>('answered', 'answered', 'stored', 'late', 'refused'), {
  maxLength: 5,
});
const intrusion = fc.oneof(stranger, fc.constantFrom('late ones' as const, 'a seal' as const));
const conflict = fc.constantFrom<Conflict>('fail', 'rebase', 'rollover');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('replay' as const), conflict, fates, end }),
  fc.record({ kind: fc.constant('race' as const), first: intrusion, end }),
  fc.record({ kind: fc.constant('stranger' as const), stranger }),
  fc.record({ kind: fc.constantFrom('land' as const, 'seal' as const) }),
);

const longest = 14;

const life = {
  // Only two values, so that other writers often append equal bytes by chance.
  bytes: fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 1, maxLength: longest }),
  before: fc.nat(2),
  first: fc.constantFrom('landed' as const, 'late' as const, 'unsent' as const),
  doubtful: fc.integer({ min: 1, max: longest }),
  slack: fc.nat(3),
  steps: fc.array(step, { maxLength: 10 }),
};

test.each([
  ['one object', false],
  ['several objects', true],
])('any sequence of replays appends every byte of a file exactly once, to %s', (_, isSeries) => {
  fc.assert(
    fc.property(fc.record(life), ({ steps, ...options }) => {
      const it = new Life({ ...options, isSeries });
      for (const next of steps) it.live(next);
      it.finish();
    }),
    {
      numRuns: 5000,
      // A second chunk of the same size as the doubtful one lands while the next replay begins.
      examples: [
        [
          {
            bytes: [1, 1, 2, 2, 1, 2, 1, 1, 2, 1, 2, 2],
            before: 0,
            first: 'late',
            doubtful: 5,
            slack: 3,
            steps: [
              {
                kind: 'replay',
                conflict: 'fail',
                fates: ['answered', 'late'],
                end: 'killed',
              },
              { kind: 'race', first: 'late ones', end: 'killed' },
            ],
          },
        ],
      ],
    },
  );
});
