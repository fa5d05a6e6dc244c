// This library: a stream that takes whatever is written as fast as it takes it.
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import type { AppendWritableOptions } from 'oss-append-stream';
import type { Assignment, Job } from '../harness/assignment.js';
import { readyStream } from '../harness/ready-stream.js';
import { makeSource, type SourceSetting, wholePeriods } from '../harness/source.js';

interface Setting extends SourceSetting, Pick<AppendWritableOptions, 'chunkSize' | 'verify'> {
  readonly byteLength: number;
}

export async function prepare(assignment: Assignment<Setting>): Promise<Job> {
  const { setting } = assignment;
  const source = makeSource(setting);
  const { pieces } = source;
  const count = wholePeriods(source, setting.byteLength);
  const { chunkSize, verify } = setting;
  const { stream, close } = await readyStream(assignment, { chunkSize, verify });
  return {
    async run() {
      for (let index = 0; index < count; index++) {
        if (!stream.write(pieces[index % pieces.length])) await once(stream, 'drain');
      }
      stream.end();
      await finished(stream);
      const { bytesWritten: byteLength } = stream;
      return setting.source === 'buffers' ? { byteLength } : { byteLength, lineCount: count };
    },
    finish: close,
  };
}
