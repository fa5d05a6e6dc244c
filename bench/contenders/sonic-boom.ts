// pino's file writer in its fastest mode: it gathers a page and writes it synchronously.
import { once } from 'node:events';
import { devNull } from 'node:os';
import sonic from 'sonic-boom';
import type { Assignment, Job } from '../harness/assignment.js';
import { makeSource, type SourceSetting, wholePeriods } from '../harness/source.js';
import { writeMany } from '../harness/write-many.js';

interface Setting extends SourceSetting {
  readonly byteLength: number;
}

export async function prepare({ setting }: Assignment<Setting>): Promise<Job> {
  const source = makeSource(setting);
  const pieces = source.pieces.map(String);
  const count = wholePeriods(source, setting.byteLength);
  const stream = new sonic.SonicBoom({ dest: devNull, sync: true, minLength: 4096 });
  let byteLength = 0;
  stream.on('write', (written: number) => {
    byteLength += written;
  });
  await once(stream, 'ready');
  return {
    async run() {
      await writeMany(stream, count, (index) =>
        stream.write(pieces[index % pieces.length] as string),
      );
      stream.end();
      await once(stream, 'close');
      return { byteLength, lineCount: count };
    },
  };
}
