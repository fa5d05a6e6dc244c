// This library: a stream that is written to as fast as it accepts.
import { finished } from 'node:stream/promises';
import type { AppendWritableOptions } from 'oss-append-stream';
import { keyOf } from '../../test/comparing-store/target.js';
import type { Assignment, Job } from '../harness/assignment.js';
import { readyStream } from '../harness/ready-stream.js';
import { makeSource, type SourceSetting, wholePeriods } from '../harness/source.js';
import { writeMany } from '../harness/write-many.js';

interface Setting extends SourceSetting, Pick<AppendWritableOptions, 'chunkSize' | 'verify'> {
  readonly byteLength: number;

  /** Whether each append ends with a line. */
  readonly hasWholeLines?: boolean;

  /** Bytes of each object, if it goes on from one to the next. */
  readonly maxSize?: number;

  /** Milliseconds of a period of the clock, if it has an object for each. */
  readonly interval?: number;
}

export async function prepare(assignment: Assignment<Setting>): Promise<Job> {
  const { setting } = assignment;
  const source = makeSource(setting);
  const { pieces } = source;
  const count = wholePeriods(source, setting.byteLength);
  const { chunkSize, verify, hasWholeLines, maxSize, interval } = setting;
  const recordDelimiter = hasWholeLines ? '\n' : undefined;
  const rolls = maxSize !== undefined || interval !== undefined;
  const options = {
    ...{ chunkSize, verify, recordDelimiter },
    ...(rolls && {
      key: ({ sequence }: { sequence: number }) => keyOf(assignment.target.key, sequence),
      rollover: { maxSize, interval },
    }),
  };
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
