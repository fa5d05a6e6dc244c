import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  beginReplay,
  type ChunkedClaim,
  type Claim,
  comparableLength,
  endReplay,
  landedLength,
  planReplay,
} from '../../src/recovery/replay-plan.js';

/** One byte of the object, and its offset in our bytes; `undefined` if it is another writer's. */
interface Cell {
  readonly byte: number;
  readonly offset: number | undefined;
}

/** A chunk that was sent, or may have been: it lands as a whole at its position, or never. */
interface Sent {
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
  | { readonly kind: 'replay'; readonly fates: readonly Fate[]; readonly end: End }
  | { readonly kind: 'rebase'; readonly fates: readonly Fate[]; readonly end: End }
  | { readonly kind: 'race'; readonly first: Stranger | 'late ones'; readonly end: End }
  | { readonly kind: 'stranger'; readonly stranger: Stranger }
  | { readonly kind: 'land' };

/** An append of another writer: a few bytes of its own, then a copy of ours from `from` on. */
interface Stranger {
  readonly before: readonly number[];

  /** An offset in our bytes; `next` is the one that would follow in the object now. */
  readonly from: 'next' | number;
  readonly length: number;
}

const chunkSize = 3;

/** Simulates a file of uncommitted bytes, an object, and events that change them. */
class Life {
  readonly #bytes: readonly number[];
  readonly #object: Cell[];

  /** Requests in flight that may still land. */
  #late: Sent[] = [];

  /** All chunks that may have been sent. */
  readonly #explained: Sent[];

  /** The header of the file. */
  #claim: Claim;

  /** Our bytes for which a replay mistook equal bytes of another writer, indistinguishably. */
  readonly #taken = new Set<number>();

  constructor(
    bytes: readonly number[],
    before: number,
    first: 'landed' | 'late' | 'unsent',
    d: number,
  ) {
    this.#bytes = bytes;
    this.#object = Array.from({ length: before }, () => ({ byte: 0, offset: undefined }));
    const doubtful = first === 'unsent' ? 0 : d;
    this.#claim = { position: before, byteLength: bytes.length, doubtful, replay: undefined };
    const chunk = { position: before, start: 0, end: doubtful };
    this.#explained = doubtful === 0 ? [] : [chunk];
    if (first === 'landed') this.#store(chunk);
    if (first === 'late') this.#late = [chunk];
  }

  live(step: Step): void {
    switch (step.kind) {
      case 'replay':
        this.#replay('fail', step);
        break;
      case 'rebase':
        this.#replay('rebase', step);
        break;
      case 'race':
        this.#replay('fail', { fates: [], end: step.end, first: step.first });
        break;
      case 'stranger':
        this.#letIn(step.stranger);
        break;
      case 'land':
        this.#land();
        break;
    }
  }

  /** Runs a last replay to its end and checks the object. */
  finish(): void {
    this.#land();
    this.#replay('rebase', { fates: [], end: 'killed' });
    const ours = this.#object.flatMap(({ offset }) => (offset === undefined ? [] : [offset]));
    expect(new Set(ours).size).toBe(ours.length);
    const there = new Set([...ours, ...this.#taken]);
    expect([...this.#bytes.keys()].filter((offset) => !there.has(offset))).toEqual([]);
    const length = this.#object.length;
    this.#replay('fail', { fates: [], end: 'killed' });
    expect(this.#object).toHaveLength(length);
  }

  #replay(
    conflict: 'fail' | 'rebase',
    how: {
      readonly fates: readonly Fate[];
      readonly end: End;
      readonly first?: Stranger | 'late ones';
    },
  ): void {
    const claim = this.#claim;
    const start = this.#bytes.length - claim.byteLength;
    const { length } = this.#object;
    const matching = this.#compare(claim, comparableLength(claim, length));
    const plan = planReplay(claim, length, matching, { conflict, chunkSize });
    if (plan.action === 'refuse') {
      expect(plan.reason).toBe('conflict');
      return;
    }
    this.#take(claim, start, plan.action === 'nothing' ? claim.byteLength : plan.start);
    if (plan.action === 'nothing') return;
    if (how.end === 'killed before it notes') return;
    const begun = beginReplay(claim, plan);
    this.#claim = begun;
    if (how.first === 'late ones') this.#land();
    else if (how.first !== undefined) this.#letIn(how.first);
    const progress = this.#send(begun, how.fates);
    if (progress === undefined) return;
    if (how.end === 'gives up') this.#claim = endReplay(claim, plan, progress);
    // Its progress is unknown: according to the file it may have sent everything.
    else this.#explained.push(...this.#chunksOf(begun));
  }

  /** Sends the chunks of a claim in turn. Returns the known progress, or `undefined` at the end. */
  #send(
    claim: ChunkedClaim,
    fates: readonly Fate[],
  ): { committed: number; doubtful: number } | undefined {
    const queue = [...fates];
    for (const chunk of this.#chunksOf(claim)) {
      const committed = chunk.position - claim.position;
      const doubtful = chunk.end - chunk.start;
      if (this.#object.length !== chunk.position) {
        // The stream reconciles: it treats equal bytes as its own.
        const grown = this.#object.slice(chunk.position).map(({ byte }) => byte);
        const alike = grown.every((byte, index) => byte === this.#bytes[chunk.start + index]);
        if (!alike || grown.length > doubtful) return { committed, doubtful: 0 };
        if (grown.length < doubtful) {
          return { committed: committed + grown.length, doubtful: doubtful - grown.length };
        }
        this.#explained.push(chunk);
        this.#take(claim, chunk.start - committed, committed + doubtful);
        continue;
      }
      const fate = queue.shift() ?? 'answered';
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

  #chunksOf(claim: ChunkedClaim): Sent[] {
    const { position, byteLength, replay } = claim;
    const base = this.#bytes.length - byteLength;
    const chunks: Sent[] = [];
    for (let from = 0; from < byteLength; ) {
      const size = from === 0 ? replay.firstChunkSize : replay.chunkSize;
      const to = Math.min(from + size, byteLength);
      expect([landedLength(claim, from), landedLength(claim, to)]).toEqual([from, to]);
      chunks.push({ position: position + from, start: base + from, end: base + to });
      from = to;
    }
    return chunks;
  }

  #compare({ position, byteLength }: Claim, length: number): number {
    const start = this.#bytes.length - byteLength;
    for (let index = 0; index < length; index++) {
      const found = this.#object[(position as number) + index]?.byte;
      if (found !== this.#bytes[start + index]) return index;
    }
    return length;
  }

  /** Checks that the first `length` bytes of a claim may have landed, and counts them as ours. */
  #take({ position }: Claim, start: number, length: number): void {
    for (let offset = start; offset < start + length; offset++) {
      const place = (position as number) + offset - start;
      if (this.#object[place]?.offset === offset) continue;
      const isExplained = this.#explained.some(
        (it) =>
          it.start <= offset &&
          offset < it.end &&
          it.position + offset - it.start === place &&
          it.end - start <= length,
      );
      expect(isExplained, `byte ${offset} of ours at ${place} was never sent there`).toBe(true);
      this.#taken.add(offset);
    }
  }

  #store({ position, start, end }: Sent): void {
    expect(this.#object).toHaveLength(position);
    for (let offset = start; offset < end; offset++) {
      this.#object.push({ byte: this.#bytes[offset] as number, offset });
    }
  }

  /** Stores the requests in flight whose position still fits. */
  #land(): void {
    for (const sent of this.#late.splice(0)) {
      if (this.#object.length === sent.position) this.#store(sent);
    }
  }

  #letIn({ before, from, length }: Stranger): void {
    const { position, byteLength } = this.#claim;
    const next = this.#bytes.length - byteLength + this.#object.length - (position as number);
    const start = from === 'next' ? next : from;
    const alike = this.#bytes.slice(start, start + length);
    for (const byte of [...before, ...alike]) this.#object.push({ byte, offset: undefined });
  }
}

const stranger: fc.Arbitrary<Stranger> = fc.record({
  before: fc.array(fc.integer({ min: 1, max: 2 }), { maxLength: 2 }),
  from: fc.oneof(fc.constant('next' as const), fc.nat(14)),
  length: fc.nat(8),
});
const end = fc.constantFrom<End>('killed', 'killed before it notes', 'gives up');
const fates = fc.array(fc.constantFrom<Fate>('answered', 'answered', 'stored', 'late', 'refused'), {
  maxLength: 5,
});
const late = fc.constant('late ones' as const);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom('replay', 'rebase'), fates, end }),
  fc.record({ kind: fc.constant('race' as const), first: fc.oneof(stranger, late), end }),
  fc.record({ kind: fc.constant('stranger' as const), stranger }),
  fc.constant({ kind: 'land' as const }),
);

test('any sequence of replays appends every byte of a file exactly once', () => {
  const life = fc.record({
    // Only two values, so that other writers often append equal bytes by chance.
    bytes: fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 1, maxLength: 14 }),
    before: fc.nat(2),
    first: fc.constantFrom('landed', 'late', 'unsent'),
    doubtful: fc.integer({ min: 1, max: 14 }),
    steps: fc.array(step, { maxLength: 10 }),
  });
  fc.assert(
    fc.property(life, ({ bytes, before, first, doubtful, steps }) => {
      const it = new Life(bytes, before, first, Math.min(doubtful, bytes.length));
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
            steps: [
              { kind: 'replay', fates: ['answered', 'late'], end: 'killed' },
              { kind: 'race', first: 'late ones', end: 'killed' },
            ],
          },
        ],
      ],
    },
  );
});
