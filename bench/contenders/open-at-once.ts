// Opens many streams at once, with a line to write for each.
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { keysOf } from '../../test/comparing-store/target.js';
import type { Assignment, Job } from '../harness/assignment.js';
import { load } from '../harness/library.js';
import { allAtOnce } from '../harness/opening.js';
import { makeSource, type SourceSetting } from '../harness/source.js';

interface Setting extends SourceSetting {
  readonly objects: number;
}

export async function prepare(assignment: Assignment<Setting>): Promise<Job> {
  const { setting, target } = assignment;
  const { AppendWritable, OssClient } = await load(assignment, 'index.js');
  const [line] = makeSource(setting).pieces;
  const { key, ...connection } = target;
  const client = new OssClient(connection);
  return {
    async run() {
      return await allAtOnce(keysOf(key, setting.objects), async (own, opened) => {
        const stream = new AppendWritable({ client, key: own });
        stream.end(line);
        await once(stream, 'ready');
        opened();
        await finished(stream);
        return stream.bytesWritten;
      });
    },
    finish: () => client.close(),
  };
}
