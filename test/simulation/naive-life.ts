import type { RequestOptions } from '../../src/append/append-client.js';
import { RequestRunner } from '../../src/append/request-runner.js';
import { Chronicle } from './chronicle.js';
import type { Counts } from './counts.js';
import { Ledger } from './ledger.js';
import type { Limits } from './limits.js';
import { LocalPeriods } from './local-period.js';
import type { NaiveAppend, NaivePlace, NaiveTools } from './naive-writers.js';
import { Random } from './random.js';
import { SimulatedClient } from './simulated-client.js';
import { Source } from './source.js';
import { VirtualTime } from './virtual-time.js';
import { drawWorld, interfere } from './world.js';

/** Steps of time after which a life counts as endless. */
const mostSteps = 20_000;

/** The outcome of a naive writer. */
export interface NaiveResult {
  readonly isDuplicated: boolean;

  /** Bytes that were reported as appended and have never been in an object. */
  readonly bytesLost: number;

  /** Whether bytes left their place while they might still land there. */
  readonly isUnfenced: boolean;

  /** Whether bytes went to the object of another day than that on which they were written. */
  readonly isMisdated: boolean;

  /** How often each event happened. */
  readonly counts: Counts;
}

export interface NaiveOptions {
  readonly limits?: Limits | undefined;

  /** When the life begins, in Berlin; if it matters, the writer has an object for each day. */
  readonly startsAt?: number | undefined;

  /** Milliseconds between two chunks. */
  readonly pause?: number | undefined;
}

/** Writes ten chunks in the world of a seed; each is a move. */
export async function simulateNaive(
  seed: number,
  append: NaiveAppend,
  { limits = {}, startsAt, pause = 0 }: NaiveOptions = {},
): Promise<NaiveResult> {
  const random = new Random(seed);
  const jitter = random.fork('jitter');
  const time = new VirtualTime(() => jitter.next());
  const chronicle = new Chronicle(() => time.now, undefined);
  time.install();
  try {
    const world = drawWorld(random, {
      chronicle,
      time,
      limits: { ...limits, without: new Set([...(limits.without ?? []), 'rollover', 'rebase']) },
    });
    if (startsAt !== undefined) time.date = startsAt;
    const periods = new LocalPeriods('day', 'Europe/Berlin');
    const keyOf = (label: string) => (startsAt === undefined ? world.key : `${label}.log`);
    const ledger = new Ledger(Source.only, 0);
    const client = new SimulatedClient(world, ledger);
    const midnight = midnightBefore(time.date, periods);
    const tools = { ...requestsOf(client), next, keyOf, periods, midnight };
    let isMisdated = false;
    let reported = 0;
    let isWriting = true;
    const writing = (async () => {
      const { base = 0, chunkSize, budget } = world;
      let place: NaivePlace = {
        key: keyOf(periods.labelOf(time.date)),
        position: startsAt === undefined ? base : 0,
      };
      for (let start = 0; start < 10 * chunkSize && --budget.left >= 0; start += chunkSize) {
        chronicle.count('move', 'write');
        const chunk = Source.only.bytes.subarray(start, start + chunkSize);
        const label = periods.labelOf(time.date);
        client.offset = () => start;
        client.onAppend = (_, key) => {
          if (startsAt !== undefined && !key.startsWith(label)) isMisdated = true;
        };
        place = await append(tools, place, chunk);
        reported = start + chunk.length;
        if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
      }
    })()
      .catch(() => {}) // It gave up with an error.
      .finally(() => {
        isWriting = false;
      });
    interfere(world, () => world.key);
    let steps = 0;
    do {
      if (++steps > mostSteps) throw new Error(`The life of seed ${seed} does not end`);
      await time.settle();
    } while (time.step());
    if (isWriting) throw new Error(`The life of seed ${seed} hangs, and no timer is set`);
    await writing;
    const { problems, counts } = chronicle;
    return {
      isDuplicated: problems.some((it) => it.includes('not the next of the source')),
      bytesLost: Math.max(0, reported - ledger.mostEnd),
      isUnfenced: problems.some((it) => it.includes('may still land')),
      isMisdated,
      counts,
    };
  } finally {
    time.uninstall();
  }
}

function requestsOf(client: SimulatedClient): Pick<NaiveTools, 'append' | 'lengthOf'> {
  return {
    append: async ({ key, position }, chunk) => {
      const receipt = await inTime((request) => client.appendObject(key, position, chunk, request));
      return { key, position: receipt.nextPosition };
    },
    lengthOf: async (key) =>
      (await inTime((request) => client.headObject(key, request)))?.length ?? 0,
  };
}

function inTime<T>(request: (options: RequestOptions) => Promise<T>): Promise<T> {
  const { signal } = new AbortController();
  return new RequestRunner({ signal, requestTimeout: 300, request: {} }).run(0, request);
}

/** `k`, `k.1`, `k.2`, and so on. */
function next(key: string): string {
  const [name, sequence = '0'] = key.split(/\.(?=\d+$)/);
  return `${name}.${Number(sequence) + 1}`;
}

function midnightBefore(date: number, periods: LocalPeriods): number {
  const minute = 60_000;
  let midnight = Math.floor(date / minute) * minute;
  while (periods.labelOf(midnight - minute) === periods.labelOf(midnight)) midnight -= minute;
  return midnight;
}
