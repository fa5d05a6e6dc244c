// This library: one stream up to what an object can hold, watched for memory that grows with it.
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import type { AppendWritable, AppendWritableOptions } from 'oss-append-stream';
import type { Assignment, Job } from '../harness/assignment.js';
import { readyStream } from '../harness/ready-stream.js';
import { makeSource, type SourceSetting, wholePeriods } from '../harness/source.js';
import { writeMany } from '../harness/write-many.js';

interface Setting extends SourceSetting, Pick<AppendWritableOptions, 'chunkSize'> {
  readonly byteLength: number;

  /** That is all an object holds: one byte more must be refused. */
  readonly isFull: boolean;
}

const gigabyte = 1e9;

export async function prepare(assignment: Assignment<Setting>): Promise<Job> {
  const { setting } = assignment;
  const source = makeSource(setting);
  const { pieces } = source;
  const count = wholePeriods(source, setting.byteLength);
  const { stream, close } = await readyStream(assignment, { chunkSize: setting.chunkSize });
  const rss = new PeakByGigabyte();
  stream.on('commit', ({ position }) => rss.sample(position));
  return {
    async run() {
      await writeMany(stream, count, (index) => stream.write(pieces[index % pieces.length]));
      await (setting.isFull ? overflow(stream) : finished(stream.end()));
      return { byteLength: stream.bytesWritten, figures: { 'RSS growth MB': rss.growth } };
    },
    finish: close,
  };
}

/** Writes what finds no room any more, and waits for it to be refused. */
async function overflow(stream: AppendWritable): Promise<void> {
  await stream.flush();
  const refused = once(stream, 'error');
  stream.end('x');
  const [{ code }] = await refused;
  if (code !== 'APPEND_ERR_OBJECT_FULL') throw new Error(`Cannot trust a refusal with ${code}`);
}

/** Most memory the process held while the first, the second, ... gigabyte was appended. */
class PeakByGigabyte {
  readonly #peaks: number[] = [];

  sample(position: number): void {
    const index = Math.floor(position / gigabyte);
    this.#peaks[index] = Math.max(this.#peaks[index] ?? 0, process.memoryUsage.rss());
  }

  /** Of the last gigabyte over the first, in MB. */
  get growth(): number {
    return ((this.#peaks.at(-1) ?? 0) - (this.#peaks[0] ?? 0)) / 1e6;
  }
}
