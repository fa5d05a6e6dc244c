// This library: several streams with `conflict: 'rebase'` that append to one object.
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { AppendWritable } from 'oss-append-stream';
import { Remote } from '../../test/helpers/remote.js';
import type { Assignment, Job } from '../harness/assignment.js';
import { load } from '../harness/library.js';
import { median } from '../harness/statistics.js';
import { type SharedAccount, sharedLine } from '../sharing/shared-object.js';
import type { SharedStoreFunctions } from '../sharing/store-process.js';

export interface SharingSetting {
  readonly writers: number;

  /** Milliseconds that the store takes for each request. */
  readonly storeDelay: number;

  /** Appends of the writer that has fewest. */
  readonly appendsEach: number;

  /** Bytes of a line, and lines of a chunk. */
  readonly lineLength: number;
  readonly linesPerChunk: number;

  /** Milliseconds from one chunk of a writer to the next; 0 if it always has one. */
  readonly interval: number;

  /** Whether all write at the same moment, and not each at a random one of the interval. */
  readonly isInStep: boolean;
}

/**
 * Appends of a single writer, before the others and after them: the median of both is the service
 * time. The machine may be busier in between.
 */
const appendsAlone = 20;

export async function prepare(assignment: Assignment<SharingSetting>): Promise<Job> {
  const { setting, target } = assignment;
  const { key, ...connection } = target;
  const { AppendWritable, OssClient } = await load(assignment, 'index.js');
  const store = new Remote<SharedStoreFunctions>('bench/sharing/store-process');
  const endpoint = await store.call('start', setting.storeDelay, setting.lineLength);
  const client = new OssClient({ ...connection, endpoint });
  const chunkSize = setting.lineLength * setting.linesPerChunk;
  const open = async (number: number) => {
    const stream = new AppendWritable({
      client,
      key,
      chunkSize,
      conflict: 'rebase',
      recordDelimiter: '\n',
      highWaterMark: 4 * chunkSize,
      flushInterval: 0,
    });
    await once(stream, 'ready');
    return new Writer(number, setting, stream);
  };

  const writeAlone = async (number: number) => {
    const writer = await open(number);
    await writer.writeWhile(() => writer.appends < appendsAlone);
    await writer.end();
    return writer;
  };

  const earlier = await writeAlone(0);
  const writers = await Promise.all(
    Array.from({ length: setting.writers }, (_, index) => open(index + 1)),
  );
  const before = await store.call('account');

  return {
    async run() {
      const startedAt = performance.now();
      let isDone = false;
      // Each of them still writes when the last one has its appends.
      const reached = new Promise<{ counts: number[]; seconds: number }>((resolve) => {
        const look = () => {
          const counts = writers.map(({ appends }) => appends);
          if (isDone || Math.min(...counts) < setting.appendsEach) return;
          isDone = true;
          resolve({ counts, seconds: (performance.now() - startedAt) / 1000 });
        };
        for (const writer of writers) writer.stream.on('commit', look);
      });
      const work = writers.map((writer) =>
        setting.interval === 0
          ? writer.writeWhile(() => !isDone)
          : writer.writeEach(setting.interval, setting.isInStep ? 0 : Math.random()),
      );
      const [{ counts, seconds }] = await Promise.all([reached, ...work]);
      const sum = counts.reduce((total, count) => total + count, 0);
      await Promise.all(writers.map((writer) => writer.end()));
      const account = await store.call('account');
      const later = await writeAlone(writers.length + 1);
      assertWhole(await store.call('account'), [earlier, ...writers, later]);
      const service = median([...earlier.durations, ...later.durations]);
      const appends = account.appends - before.appends;
      const longest = Math.max(...writers.map(({ longestWait }) => longestWait));
      const figures = {
        'appends/s': sum / seconds,
        'appends/s by 1/service time': (sum / seconds) * (service / 1000),
        'fewest by most': Math.min(...counts) / Math.max(...counts),
        'longest wait s': longest / 1000,
        'uploads/append': 1 + (account.refusals - before.refusals) / appends,
        'service ms': service,
      };
      return { figures };
    },
    async finish() {
      await client.close();
      await store.kill();
    },
  };
}

/**
 * @throws {Error} If a line is not in the object, or not as it was written.
 */
function assertWhole({ lines, mismatch }: SharedAccount, writers: readonly Writer[]): void {
  const written = writers.reduce((sum, writer) => sum + writer.lines, 0);
  if (mismatch !== undefined) throw new Error(`Cannot trust this run: there is ${mismatch}`);
  if (lines !== written) {
    throw new Error(`Cannot trust this run: ${written} lines were written, ${lines} arrived`);
  }
}

/** One of the streams, and what it has done. */
class Writer {
  readonly #number: number;
  readonly #setting: SharingSetting;
  readonly stream: AppendWritable;
  appends = 0;
  lines = 0;

  /** Milliseconds from a write to its commit, at most. */
  longestWait = 0;

  /** Milliseconds that each append took, with the refusals before it. */
  readonly durations: number[] = [];

  constructor(number: number, setting: SharingSetting, stream: AppendWritable) {
    this.#number = number;
    this.#setting = setting;
    this.stream = stream;
    stream.on('commit', ({ duration }) => {
      this.appends++;
      this.durations.push(duration);
    });
  }

  /** Always has a chunk ready; resolves when the condition is no longer met. */
  async writeWhile(isGoingOn: () => boolean): Promise<void> {
    while (isGoingOn()) {
      if (!this.#writeLine()) await once(this.stream, 'drain');
    }
  }

  /** Writes a chunk in each interval, beginning after a part of one; resolves when all are committed. */
  async writeEach(interval: number, part: number): Promise<void> {
    const { appendsEach, linesPerChunk } = this.#setting;
    await wait(interval * part);
    const startedAt = performance.now();
    const committed: Promise<void>[] = [];
    for (let chunk = 0; chunk < appendsEach; chunk++) {
      await wait(Math.max(0, startedAt + chunk * interval - performance.now()));
      for (let line = 1; line < linesPerChunk; line++) this.#writeLine();
      const writtenAt = performance.now();
      const done = new Promise<void>((resolve, reject) =>
        this.#writeLine((error) => (error ? reject(error) : resolve())),
      );
      committed.push(
        done.then(() => {
          this.longestWait = Math.max(this.longestWait, performance.now() - writtenAt);
        }),
      );
    }
    await Promise.all(committed);
  }

  async end(): Promise<void> {
    this.stream.end();
    await finished(this.stream);
  }

  #writeLine(callback?: (error?: Error | null) => void): boolean {
    const line = sharedLine(this.#number, this.lines++, this.#setting.lineLength);
    return this.stream.write(line, callback);
  }
}
