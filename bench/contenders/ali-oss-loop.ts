// The official SDK as its users append: wait for the answer, take the next position, append.
import { aliOssClient } from '../harness/ali-oss-client.js';
import type { Assignment, Job } from '../harness/assignment.js';
import { chunksOf } from '../harness/ready-chunks.js';
import type { SourceSetting } from '../harness/source.js';

interface Setting extends SourceSetting {
  readonly byteLength: number;
  readonly chunkSize: number;
}

export async function prepare({ setting, target }: Assignment<Setting>): Promise<Job> {
  const client = aliOssClient(target);
  const chunks = chunksOf(setting);
  return {
    async run() {
      let position = '0';
      for (const chunk of chunks) {
        position = (await client.append(target.key, chunk, { position })).nextAppendPosition;
      }
      return { byteLength: Number(position) };
    },
  };
}
