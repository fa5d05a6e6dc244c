import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AppendWritable } from '../../src/index.js';
import { failure } from '../append/scripted-client.js';
import { type Network, SharedStore } from '../helpers/shared-store.js';
import { countTurns, turns } from '../helpers/turn-timers.js';
import { Random } from '../simulation/random.js';

let restoreTimers: () => void;
beforeAll(() => {
  restoreTimers = countTurns();
});
afterAll(() => restoreTimers());

/** How a writer passes a piece of its source. */
type Action = 'write' | 'callback' | 'append' | 'flush' | 'await flush' | 'drain' | 'pause';

interface WriterScript {
  readonly delimiter: string;
  readonly chunkSize: number;
  readonly chunksOfBound: number;
  readonly flushInterval: number;

  /** Lengths of its records, in tenths of the longest that is allowed. */
  readonly records: readonly number[];

  /** Bytes of an unfinished record at the end. */
  readonly unfinished: number;

  /** Lengths of its writes, and what it does with each; both begin again when they are at their end. */
  readonly pieces: readonly number[];
  readonly actions: readonly Action[];
}

interface Script {
  readonly writers: readonly WriterScript[];

  /** For the times that requests and answers take. */
  readonly seed: number;
  readonly slowness: number;
  readonly maxSize: number | undefined;
  readonly seal: boolean;

  /** How many of a hundred requests or answers are lost, or arrive late. */
  readonly losses: number;
}

const writer: fc.Arbitrary<WriterScript> = fc.record({
  delimiter: fc.constantFrom('\n', '\r\n', '\n\n', 'xyz'),
  chunkSize: fc.integer({ min: 4, max: 40 }),
  chunksOfBound: fc.integer({ min: 2, max: 6 }),
  flushInterval: fc.constantFrom(0, 1, 5, Number.POSITIVE_INFINITY),
  records: fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 0, max: 2 }) },
      fc.integer({ min: 0, max: 10 }),
    ),
    { maxLength: 20 },
  ),
  unfinished: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 30 })),
  pieces: fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 6 }),
  actions: fc.array(
    fc.constantFrom<Action[]>(
      ...(['write', 'write', 'callback', 'append', 'flush', 'await flush', 'drain'] as const),
      'pause',
    ),
    { minLength: 1, maxLength: 8 },
  ),
});

const scriptWith = (losses: fc.Arbitrary<number>): fc.Arbitrary<Script> =>
  fc.record({
    writers: fc.array(writer, { minLength: 2, maxLength: 4 }),
    seed: fc.integer(),
    slowness: fc.integer({ min: 0, max: 4 }),
    maxSize: fc.option(fc.integer({ min: 40, max: 300 }), { nil: undefined }),
    seal: fc.boolean(),
    losses,
  });

/** The longest record that a writer may write, with its delimiter. */
const longest = ({ chunkSize, chunksOfBound }: WriterScript) => chunkSize * chunksOfBound;

/**
 * Without a delimiter within a record, though with the beginnings of some. Each record names its author:
 * after a lost answer nobody can tell equal bytes of two writers apart.
 */
function sourceOf(author: number, script: WriterScript, random: Random): Buffer {
  const { delimiter, records, unfinished } = script;
  const record = (length: number) =>
    'ABCD'.charAt(author) +
    Array.from({ length: length - 1 }, () => random.pick([...'abcdefghijk\rx'])).join('');
  const parts = records.map((tenths) => {
    const length = Math.round((longest(script) * tenths) / 10) - delimiter.length;
    return record(Math.max(1, length)) + delimiter;
  });
  const rest = unfinished === 0 ? '' : record(Math.min(unfinished, longest(script)));
  return Buffer.from(parts.join('') + rest);
}

/** Each call waits before it is executed, and its answer afterwards; some are lost on the way. */
function badNetwork(random: Random, { slowness, losses }: Script): Network {
  return async (_, execute) => {
    await turns(random.integer(0, slowness));
    const isLost = random.chance(losses / 100);
    const fate = isLost
      ? random.pick(['request lost', 'answer lost', 'late'] as const)
      : 'answered';
    if (fate === 'request lost') throw failure.unanswered();
    if (fate === 'late') {
      turns(random.integer(1, 20))
        .then(execute)
        .catch(() => {});
      throw failure.unanswered();
    }
    const [result] = await Promise.allSettled([(async () => execute())()]);
    await turns(random.integer(0, slowness));
    if (fate === 'answer lost') throw failure.unanswered();
    if (result.status === 'rejected') throw result.reason;
    return result.value as Awaited<ReturnType<typeof execute>>;
  };
}

class Writer {
  readonly #author: number;
  readonly #script: WriterScript;
  readonly #store: SharedStore;
  readonly #source: Buffer;
  readonly #stream: AppendWritable;
  readonly #claims: Promise<unknown>[] = [];
  readonly problems: string[] = [];
  readonly #isLossy: boolean;

  /** Whether objects are sealed, so that the data of an `append()` that began in one may not end there. */
  readonly #isSealing: boolean;
  #written = 0;

  /** Objects that others had sealed. */
  #sealed = 0;

  constructor(author: number, script: Script, store: SharedStore) {
    const { writers, seed, maxSize, seal, losses } = script;
    const random = new Random(seed).fork(author);
    this.#author = author;
    this.#script = writers[author] as WriterScript;
    this.#store = store;
    this.#isLossy = losses > 0;
    this.#isSealing = maxSize !== undefined && seal;
    this.#source = sourceOf(author, this.#script, random.fork('source'));
    const { delimiter, chunkSize, flushInterval } = this.#script;
    this.#stream = new AppendWritable({
      client: store.clientOf(author, badNetwork(random.fork('network'), script)),
      key: 'shared.log',
      chunkSize,
      highWaterMark: longest(this.#script),
      flushInterval,
      recordDelimiter: delimiter,
      conflict: 'rebase',
      ...(maxSize !== undefined && { rollover: { maxSize }, seal }),
      retry: { retries: Number.POSITIVE_INFINITY, minTimeout: 0 },
    });
    this.#stream.on('rollover', ({ reason }) => {
      if (reason === 'sealed') this.#sealed++;
    });
  }

  get stats() {
    return this.#stream.stats;
  }

  async live(): Promise<void> {
    const ended = finished(this.#stream);
    const written = this.#writeAll();
    await Promise.race([written, ended]);
    this.#stream.end();
    await Promise.all([ended, written, ...this.#claims]);
    this.#judge();
  }

  async #writeAll(): Promise<void> {
    const { pieces, actions } = this.#script;
    for (let step = 0; this.#written < this.#source.length; step++) {
      const length = pieces[step % pieces.length] as number;
      const piece = this.#source.subarray(this.#written, this.#written + length);
      this.#written += piece.length;
      await this.#pass(piece, actions[step % actions.length] as Action);
    }
  }

  async #pass(piece: Buffer, action: Action): Promise<void> {
    const stream = this.#stream;
    const end = this.#written;
    if (action === 'append' && !this.#isSealing) {
      this.#claims.push(this.#append(piece));
      return;
    }
    if (action === 'callback') {
      this.#claims.push(
        new Promise<void>((resolve) => {
          stream.write(piece, () => resolve(this.#expectStored(end, action)));
        }),
      );
      return;
    }
    const hasRoom = stream.write(piece);
    if (action === 'pause') await turns(5);
    if (action === 'drain' && !hasRoom) await once(stream, 'drain');
    if (action !== 'flush' && action !== 'await flush') return;
    const flushed = stream.flush().then(() => this.#expectStored(end, action));
    this.#claims.push(flushed);
    // Within a record it would wait for what is written later.
    const isWhole = this.#source.subarray(0, end).toString().endsWith(this.#script.delimiter);
    if (action === 'await flush' && isWhole) await flushed;
  }

  async #append(piece: Buffer): Promise<void> {
    const end = this.#written;
    const place = await this.#stream.append(piece);
    this.#expectStored(end, 'append');
    const found = this.#store.bytesOf(this.#author, place);
    if (!found.equals(piece))
      this.problems.push(`append() of ${piece} named the place of ${found}`);
  }

  #expectStored(end: number, action: Action): void {
    const stored = this.#store.bytesOf(this.#author).length;
    if (stored < end)
      this.problems.push(`${action} told of ${end} bytes when ${stored} were stored`);
  }

  #judge(): void {
    const { delimiter, chunkSize } = this.#script;
    const source = String(this.#source);
    const chunks = this.#store.chunks.filter(({ author }) => author === this.#author);
    expect(chunks.map(({ bytes }) => String(bytes)).join('')).toBe(source);
    let end = 0;
    for (const { bytes } of chunks) {
      end += bytes.length;
      const before = source.slice(0, end);
      if (end < source.length && !before.endsWith(delimiter)) {
        this.problems.push(`a chunk ends within a record: ${bytes}`);
      }
      const inner = String(bytes).slice(0, -delimiter.length);
      if (bytes.length > chunkSize && inner.includes(delimiter)) {
        this.problems.push(`a long chunk has several records: ${bytes}`);
      }
    }
    expect(this.#stream.bytesWritten).toBe(source.length);
    const { attempts, appends, conflicts, retries, reconciles } = this.#stream.stats;
    if (this.#isLossy) return;
    expect({ attempts, retries, reconciles }).toEqual({
      attempts: appends + conflicts + this.#sealed,
      retries: 0,
      reconciles: conflicts,
    });
  }
}

/**
 * Objects in which a writer has more than one chunk beyond `maxSize`. Those that use `append()` do not
 * count: its data stays in one object.
 */
function tooLongObjects({ writers, maxSize = Infinity }: Script, store: SharedStore) {
  return store.keys.filter((key) => {
    const beyond = store.chunks.filter((chunk) => chunk.key === key && chunk.start >= maxSize);
    const authors = beyond
      .map(({ author }) => author)
      .filter((author) => !writers[author]?.actions.includes('append'));
    return new Set(authors).size < authors.length;
  });
}

describe('several streams on one store, in any schedule', () => {
  test.each([
    { scenario: 'answers that all arrive', losses: fc.constant(0) },
    {
      scenario: 'requests and answers that are lost or late',
      losses: fc.integer({ min: 1, max: 40 }),
    },
  ])(
    'have every record whole, once and in order, and name the right places: $scenario',
    {
      timeout: 30_000,
    },
    async ({ losses }) => {
      let conflicts = 0;
      await fc.assert(
        fc.asyncProperty(scriptWith(losses), async (given) => {
          const store = new SharedStore();
          const writers = given.writers.map((_, author) => new Writer(author, given, store));
          await Promise.all(writers.map((each) => each.live()));
          expect(writers.flatMap(({ problems }) => problems)).toEqual([]);
          expect(tooLongObjects(given, store)).toEqual([]);
          conflicts += writers.reduce((sum, { stats }) => sum + stats.conflicts, 0);
        }),
        { numRuns: 500, interruptAfterTimeLimit: 2500 },
      );
      expect(conflicts).toBeGreaterThan(100);
    },
  );
});
