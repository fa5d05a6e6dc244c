// Many streams in one process, which share a client as those of an application do.
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { AppendWritable, OssClient, type OssClientOptions } from 'oss-append-stream';
import { serve } from '../../helpers/remote.js';

/** Fewest, median and most commits of the streams at one moment. */
export interface Checkpoint {
  readonly least: number;
  readonly median: number;
  readonly most: number;
}

/** Resources that the process holds. */
export interface Holdings {
  /** Resources that keep the event loop alive, except the IPC channel. */
  readonly resources: readonly string[];

  /** Bytes of the heap and of buffers, after a collection. */
  readonly memory: number;
}

/** Commits of all streams together from one checkpoint to the next. */
const checkpointInterval = 500;

let client: OssClient;
let streams: AppendWritable[] = [];

const functions = {
  /** Resolves when a stream for each key is ready. */
  async open(connection: OssClientOptions, keys: readonly string[], chunkSize: number) {
    client = new OssClient(connection);
    streams = keys.map((key) => new AppendWritable({ client, key, chunkSize }));
    await Promise.all(streams.map((stream) => once(stream, 'ready')));
  },

  /**
   * Writes each stream its own chunk, `count` times and all at once, and commits them. Returns the
   * checkpoints before the first stream had committed everything.
   */
  async write(chunks: readonly Uint8Array[], count: number): Promise<Checkpoint[]> {
    const commits = streams.map(() => 0);
    const checkpoints: Checkpoint[] = [];
    let total = 0;
    let isFirstDone = false;
    for (const [index, stream] of streams.entries()) {
      stream.on('commit', () => {
        commits[index] = (commits[index] ?? 0) + 1;
        total++;
        isFirstDone ||= commits[index] === count;
        if (total % checkpointInterval === 0 && !isFirstDone) checkpoints.push(summary(commits));
      });
    }
    await Promise.all(
      streams.map((stream, index) => {
        for (let written = 0; written < count; written++) stream.write(chunks[index]);
        return stream.flush();
      }),
    );
    for (const stream of streams) stream.removeAllListeners('commit');
    return checkpoints;
  },

  /** Resources held while no request is in flight. */
  async holdings(): Promise<Holdings> {
    // undici reports the end of a request before it has cleaned up, and memory that one collection
    // finalizes is freed by the next one.
    for (let turn = 0; turn < 10; turn++) {
      await new Promise(setImmediate);
      if (turn > 6) globalThis.gc?.();
    }
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    const resources = process.getActiveResourcesInfo().filter((name) => name !== 'PipeWrap');
    return { resources, memory: heapUsed + arrayBuffers };
  },

  async close(): Promise<void> {
    for (const stream of streams) stream.end();
    await Promise.all(streams.map((stream) => finished(stream)));
    await client.close();
  },
};

export type StreamsFunctions = typeof functions;

serve(functions);

function summary(counts: readonly number[]): Checkpoint {
  const sorted = counts.toSorted((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  return { least: at(0), median: at(sorted.length >> 1), most: at(sorted.length - 1) };
}
