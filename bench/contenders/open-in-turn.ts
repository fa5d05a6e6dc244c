// Opens one stream after another, with a client that is connected already.
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import type { Assignment, Job } from '../harness/assignment.js';
import { load } from '../harness/library.js';
import { eachInTurn } from '../harness/opening.js';
import { makeSource, type SourceSetting } from '../harness/source.js';

interface Setting extends SourceSetting {
  readonly streams: number;
}

export async function prepare(assignment: Assignment<Setting>): Promise<Job> {
  const { setting, target } = assignment;
  const { AppendWritable, OssClient } = await load(assignment, 'index.js');
  const { period } = makeSource(setting);
  const { key, ...connection } = target;
  const client = new OssClient(connection);
  const open = async () => {
    const stream = new AppendWritable({ client, key });
    await once(stream, 'ready');
    return stream;
  };
  (await open()).destroy();
  return {
    async run() {
      const figures = await eachInTurn(setting.streams, async () => (await open()).destroy());
      // Writes through one more, so that the store verifies that it is the right object.
      const stream = await open();
      stream.end(period);
      await finished(stream);
      return { byteLength: stream.bytesWritten, figures };
    },
    finish: () => client.close(),
  };
}
