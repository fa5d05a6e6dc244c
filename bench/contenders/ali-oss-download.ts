// The official SDK as its users read: the stream of an object.
import { aliOssClient } from '../harness/ali-oss-client.js';
import type { Assignment, Job } from '../harness/assignment.js';
import { ReadCheck } from '../harness/read-check.js';
import type { SourceSetting } from '../harness/source.js';

export async function prepare({ setting, target }: Assignment<SourceSetting>): Promise<Job> {
  const client = aliOssClient(target);
  const check = await ReadCheck.of(setting);
  return {
    async run() {
      const { stream } = await client.getStream(target.key);
      for await (const bytes of stream) check.take(bytes);
      return { byteLength: check.byteLength };
    },
  };
}
