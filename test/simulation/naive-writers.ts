import type { AppendFailure, RequestOptions } from '../../src/append/append-client.js';
import { RequestRunner } from '../../src/append/request-runner.js';
import { Chronicle } from './chronicle.js';
import type { Counts } from './counts.js';
import { Ledger } from './ledger.js';
import type { Limits } from './limits.js';
import { Random } from './random.js';
import { SimulatedClient } from './simulated-client.js';
import { Source } from './source.js';
import { VirtualTime } from './virtual-time.js';
import { drawWorld, interfere } from './world.js';

/** Appends one chunk, and resolves with the position after it; rejects when it gives up. */
export type NaiveAppend = (
  client: SimulatedClient,
  position: number,
  chunk: Buffer,
) => Promise<number>;

const tries = 4;

/** Steps of time after which a life counts as endless. */
const mostSteps = 20_000;

function inTime<T>(request: (options: RequestOptions) => Promise<T>): Promise<T> {
  const { signal } = new AbortController();
  return new RequestRunner({ signal, requestTimeout: 300, request: {} }).run(0, request);
}

/** Retries after every failure, and after a 409 at the length that it reports. */
export const blindRetry: NaiveAppend = async (client, position, chunk) => {
  let where = position;
  for (let attempt = 1; ; attempt++) {
    try {
      return (await inTime((request) => client.appendObject('k', where, chunk, request)))
        .nextPosition;
    } catch (error) {
      if (attempt === tries) throw error;
      where = (error as AppendFailure).actualLength ?? where;
    }
  }
};

/**
 * The rule of the append files in the official Go and Python SDKs: retry at the same
 * position, and after a 409 regard the chunk as appended if the object has the expected length.
 *
 * @see https://github.com/aliyun/alibabacloud-oss-go-sdk-v2/blob/master/oss/filelike.go
 */
export const lengthOnly: NaiveAppend = async (client, position, chunk) => {
  for (let attempt = 1; ; attempt++) {
    try {
      return (await inTime((request) => client.appendObject('k', position, chunk, request)))
        .nextPosition;
    } catch (error) {
      if ((error as AppendFailure).outcome === 'conflict') {
        const state = await inTime((request) => client.headObject('k', request));
        if (state?.length === position + chunk.length) return state.length;
        throw error;
      }
      if (attempt === tries) throw error;
    }
  }
};

/** The outcome of a naive writer. */
export interface NaiveResult {
  readonly isDuplicated: boolean;

  /** Bytes that were reported as appended and have never been in the object. */
  readonly bytesLost: number;

  /** How often each event happened. */
  readonly counts: Counts;
}

/** Writes chunks in the world of a seed; each is a move. */
export async function simulateNaive(
  seed: number,
  append: NaiveAppend,
  limits: Limits = {},
): Promise<NaiveResult> {
  const random = new Random(seed);
  const jitter = random.fork('jitter');
  const time = new VirtualTime(() => jitter.next());
  const chronicle = new Chronicle(() => time.now, undefined);
  time.install();
  try {
    const world = drawWorld(random, { chronicle, limits });
    const { base = 0, chunkSize, budget } = world;
    const ledger = new Ledger(Source.only, 0);
    const client = new SimulatedClient(world, ledger);
    let reported = 0;
    let isWriting = true;
    const writing = (async () => {
      let position = base;
      for (let start = 0; start < 10 * chunkSize && --budget.left >= 0; start += chunkSize) {
        chronicle.count('move', 'write');
        const chunk = Source.only.bytes.subarray(start, start + chunkSize);
        client.offset = () => start;
        position = await append(client, position, chunk);
        reported = start + chunk.length;
      }
    })()
      .catch(() => {}) // It gave up with an error.
      .finally(() => {
        isWriting = false;
      });
    interfere(world);
    let steps = 0;
    do {
      if (++steps > mostSteps) throw new Error(`The life of seed ${seed} does not end`);
      await time.settle(time.isIdle ? 20 : 2);
    } while (time.step());
    if (isWriting) throw new Error(`The life of seed ${seed} hangs, and no timer is set`);
    await writing;
    const isDuplicated = chronicle.problems.some((it) => it.includes('not the next of the source'));
    const bytesLost = Math.max(0, reported - ledger.mostEnd);
    return { isDuplicated, bytesLost, counts: chronicle.counts };
  } finally {
    time.uninstall();
  }
}
