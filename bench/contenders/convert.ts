// This library: a Normal object as an appendable one, compared and proved.
import { sourceOf } from '../../test/comparing-store/target.js';
import type { Assignment, Job } from '../harness/assignment.js';
import { load } from '../harness/library.js';

interface Setting {
  readonly chunkSize: number;
}

export async function prepare(assignment: Assignment<Setting>): Promise<Job> {
  const { setting, target } = assignment;
  const { convertToAppendable, OssClient } = await load(assignment, 'index.js');
  const { key, ...connection } = target;
  const client = new OssClient(connection);
  await client.headObject(key);
  const { chunkSize } = setting;
  return {
    async run() {
      const options = { client, key, chunkSize };
      const { bytesWritten } = await convertToAppendable({ key: sourceOf(key) }, options);
      return { byteLength: bytesWritten };
    },
    finish: () => client.close(),
  };
}
