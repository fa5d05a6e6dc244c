// Node's own stream to a file, with a callback for each write if the setting says so.
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { devNull } from 'node:os';
import { finished } from 'node:stream/promises';
import type { Assignment, Job } from '../harness/assignment.js';
import { makeSource, type SourceSetting, wholePeriods } from '../harness/source.js';
import { writeMany } from '../harness/write-many.js';

interface Setting extends SourceSetting {
  readonly byteLength: number;
  readonly callback?: boolean;
}

export async function prepare({ setting }: Assignment<Setting>): Promise<Job> {
  const source = makeSource(setting);
  const { pieces } = source;
  const count = wholePeriods(source, setting.byteLength);
  const stream = createWriteStream(devNull);
  await once(stream, 'ready');
  let called = 0;
  const callback = setting.callback ? () => void called++ : undefined;
  return {
    async run() {
      await writeMany(stream, count, (index) =>
        stream.write(pieces[index % pieces.length], callback),
      );
      stream.end();
      await finished(stream);
      return { byteLength: stream.bytesWritten, lineCount: count };
    },
    async finish() {
      const expected = setting.callback ? count : 0;
      if (called !== expected) throw new Error(`Cannot trust this run: ${called} callbacks ran`);
    },
  };
}
