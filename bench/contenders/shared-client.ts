// This library: many streams that share one client. Each is written its share of lines as
// fast as it accepts them, and is idle from then on.
import { subscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { finished } from 'node:stream/promises';
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import type { AppendWritable, AppendWritableOptions } from 'oss-append-stream';
import { keysOf } from '../../test/comparing-store/target.js';
import { type Assignment, type Figures, isWorthRates, type Job } from '../harness/assignment.js';
import { load } from '../harness/library.js';
import { makeSource, type SourceSetting } from '../harness/source.js';
import { writeMany } from '../harness/write-many.js';

interface Setting extends SourceSetting, Pick<AppendWritableOptions, 'chunkSize'> {
  /** Bytes of all streams together. */
  readonly byteLength: number;
  readonly objects: number;
}

export async function prepare(assignment: Assignment<Setting>): Promise<Job> {
  const { setting, target } = assignment;
  const library = await load(assignment, 'index.js');
  const { key, ...connection } = target;
  const client = new library.OssClient(connection);
  const { chunkSize, objects, pieceLength } = setting;
  const { pieces } = makeSource(setting);
  const sockets = openSockets();
  const count = Math.floor(setting.byteLength / objects / pieceLength);
  const before = await settledMemory();
  let streams: AppendWritable[] = [];

  async function write(stream: AppendWritable): Promise<void> {
    await writeMany(stream, count, (index) => stream.write(pieces[index % pieces.length]));
    await stream.flush();
  }

  return {
    async run() {
      const peak = new PeakMemory();
      const startedAt = performance.now();
      streams = keysOf(key, objects).map(
        (own) => new library.AppendWritable({ client, key: own, chunkSize }),
      );
      await Promise.all(streams.map((stream) => once(stream, 'ready')));
      await Promise.all(streams.map(write));
      const seconds = (performance.now() - startedAt) / 1000;
      const most = peak.stop();
      const idle = idleFigures(before, await settledMemory(), objects);
      const byteLength = streams.reduce((sum, { bytesWritten }) => sum + bytesWritten, 0);
      const figures = {
        ...idle,
        sockets: sockets.size,
        'RSS MB, most': (most.rss - before.rss) / 1e6,
        'buffers KB/stream, most': (most.arrayBuffers - before.arrayBuffers) / 1e3 / objects,
        // Without the time that measuring the memory takes.
        ...(isWorthRates(byteLength) && { 'MB/s': byteLength / 1e6 / seconds }),
      };
      return { byteLength, figures };
    },
    async finish() {
      for (const stream of streams) stream.end();
      await Promise.all(streams.map((stream) => finished(stream)));
      await client.close();
    },
  };
}

/** Resources of idle streams, beyond those that the process held before. */
function idleFigures(
  before: NodeJS.MemoryUsage,
  after: NodeJS.MemoryUsage,
  objects: number,
): Figures {
  const kilobytes = (of: (usage: NodeJS.MemoryUsage) => number) =>
    (of(after) - of(before)) / 1e3 / objects;
  return {
    'RSS MB': (after.rss - before.rss) / 1e6,
    'heap KB/stream': kilobytes(({ heapUsed }) => heapUsed),
    'buffers KB/stream': kilobytes(({ arrayBuffers }) => arrayBuffers),
    'other external KB/stream': kilobytes(({ external, arrayBuffers }) => external - arrayBuffers),
    // Only those that keep the process alive.
    timers: process.getActiveResourcesInfo().filter((type) => type === 'Timeout').length,
  };
}

/** The open sockets that undici makes from now on; Node's active resources lack the idle ones. */
function openSockets(): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  subscribe('undici:client:connected', (message) => {
    const { socket } = message as { socket: Socket };
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}

/** The memory of the process after everything collectable has been freed. */
async function settledMemory(): Promise<NodeJS.MemoryUsage> {
  if (globalThis.gc === undefined) throw new Error('Cannot measure memory without --expose-gc');
  // Finalizers run after a collection, and may release memory that the next one frees.
  for (let round = 0; round < 3; round++) {
    await turn();
    globalThis.gc();
  }
  // Another thread frees the memory of buffers.
  await wait(100);
  return process.memoryUsage();
}

/** Samples the memory and keeps its peak. */
class PeakMemory {
  #most = process.memoryUsage();
  readonly #timer = setInterval(() => this.#look(), 20);

  stop(): Pick<NodeJS.MemoryUsage, 'rss' | 'arrayBuffers'> {
    clearInterval(this.#timer);
    this.#look();
    return this.#most;
  }

  #look(): void {
    const { rss, arrayBuffers } = process.memoryUsage();
    this.#most.rss = Math.max(this.#most.rss, rss);
    this.#most.arrayBuffers = Math.max(this.#most.arrayBuffers, arrayBuffers);
  }
}
