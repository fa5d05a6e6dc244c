// The official SDK as its users would convert: the stream of an object, appended chunk by chunk.
import { sourceOf } from '../../test/comparing-store/target.js';
import { aliOssClient } from '../harness/ali-oss-client.js';
import type { Assignment, Job } from '../harness/assignment.js';
import { rechunk } from '../harness/rechunk.js';

interface Setting {
  readonly chunkSize: number;
}

export async function prepare({ setting, target }: Assignment<Setting>): Promise<Job> {
  const client = aliOssClient(target);
  return {
    async run() {
      const { stream } = await client.getStream(sourceOf(target.key));
      let position = '0';
      for await (const chunk of rechunk(stream, setting.chunkSize)) {
        position = (await client.append(target.key, chunk, { position })).nextAppendPosition;
      }
      return { byteLength: Number(position) };
    },
  };
}
