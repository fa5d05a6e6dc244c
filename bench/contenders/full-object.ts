// This library: one stream that fills an object, and the growth of the memory meanwhile.
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import type { AppendWritable, AppendWritableOptions } from 'oss-append-stream';
import type { Assignment, Job } from '../harness/assignment.js';
import { readyStream } from '../harness/ready-stream.js';
import { makeSource, type SourceSetting, wholePeriods } from '../harness/source.js';
import { writeMany } from '../harness/write-many.js';

interface Setting extends SourceSetting, Pick<AppendWritableOptions, 'chunkSize'> {
  readonly byteLength: number;

  /** Whether `byteLength` fills the object, so that one more byte must be refused. */
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

/** Writes one byte beyond the limit, and waits for its refusal. */
async function overflow(stream: AppendWritable): Promise<void> {
  await stream.flush();
  const refused = once(stream, 'error');
  stream.end('x');
  const [{ code }] = await refused;
  if (code !== 'APPEND_ERR_OBJECT_FULL') throw new Error(`Cannot trust a refusal with ${code}`);
}

/** Peak memory of the process while the first, the second, ... gigabyte was appended. */
class PeakByGigabyte {
  readonly #peaks: number[] = [];

  sample(position: number): void {
    const index = Math.floor(position / gigabyte);
    this.#peaks[index] = Math.max(this.#peaks[index] ?? 0, process.memoryUsage.rss());
  }

  /** Growth from the first gigabyte to the last, in MB. */
  get growth(): number {
    return ((this.#peaks.at(-1) ?? 0) - (this.#peaks[0] ?? 0)) / 1e6;
  }
}
