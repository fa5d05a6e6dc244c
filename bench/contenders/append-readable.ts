// This library: a stream that reads an object to its end, or follows it until it is sealed.
import type { Assignment, Job } from '../harness/assignment.js';
import { load } from '../harness/library.js';
import { ReadCheck } from '../harness/read-check.js';
import type { SourceSetting } from '../harness/source.js';

interface Setting extends SourceSetting {
  readonly stored: string;
}

export async function prepare(assignment: Assignment<Setting>): Promise<Job> {
  const { setting, target } = assignment;
  const { AppendReadable, OssClient } = await load(assignment, 'index.js');
  const { key, ...connection } = target;
  const client = new OssClient(connection);
  const check = await ReadCheck.of(setting);
  // Signs and connects, as the others have done before they are timed.
  await client.headObject(`${key}.none`);
  const isGrowing = setting.stored === 'growing object';
  const follow = isGrowing ? { pollInterval: 1, maxPollInterval: 1 } : false;
  return {
    async run() {
      for await (const bytes of new AppendReadable({ client, key, follow })) check.take(bytes);
      return { byteLength: check.byteLength };
    },
    finish: () => client.close(),
  };
}
