// This library: a stream that is written to as fast as it accepts.
import { finished } from 'node:stream/promises';
import type { AppendWritableOptions } from 'oss-append-stream';
import type { Assignment, Job } from '../harness/assignment.js';
import { readyStream } from '../harness/ready-stream.js';
import { makeSource, type SourceSetting, wholePeriods } from '../harness/source.js';
import { writeMany } from '../harness/write-many.js';

interface Setting extends SourceSetting, Pick<AppendWritableOptions, 'chunkSize' | 'verify'> {
  readonly byteLength: number;

  /** Whether each append ends with a line. */
  readonly hasWholeLines?: boolean;
}

export async function prepare(assignment: Assignment<Setting>): Promise<Job> {
  const { setting } = assignment;
  const source = makeSource(setting);
  const { pieces } = source;
  const count = wholePeriods(source, setting.byteLength);
  const { chunkSize, verify, hasWholeLines } = setting;
  const recordDelimiter = hasWholeLines ? '\n' : undefined;
  const options = { chunkSize, verify, recordDelimiter };
  const { stream, close } = await readyStream(assignment, options);
  return {
    async run() {
      await writeMany(stream, count, (index) => stream.write(pieces[index % pieces.length]));
      stream.end();
      await finished(stream);
      const { bytesWritten: byteLength } = stream;
      return setting.source === 'buffers' ? { byteLength } : { byteLength, lineCount: count };
    },
    finish: close,
  };
}
