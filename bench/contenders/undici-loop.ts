// The upper bound: one ready buffer after another through undici, without signatures, retries or
// checks; with the checksum of each buffer if the setting says so.
import { Client } from 'undici';
import { loadCrc64 } from '../../src/crc64.js';
import type { Assignment, Job } from '../harness/assignment.js';
import { chunksOf } from '../harness/ready-chunks.js';
import type { SourceSetting } from '../harness/source.js';

interface Setting extends SourceSetting {
  readonly byteLength: number;
  readonly chunkSize: number;
  readonly checksum?: boolean;
}

export async function prepare({ setting, target }: Assignment<Setting>): Promise<Job> {
  const { endpoint, bucket, key } = target;
  const crc64 = await loadCrc64();
  const chunks = chunksOf(setting);
  // Not a Pool, which would open a second connection for requests in succession.
  const client = new Client(endpoint);
  const path = `/${bucket}/${key}`;
  // The contenders compared with it have also sent a HEAD and connected before they are timed.
  const opening = await client.request({ method: 'HEAD', path, reset: false });
  await opening.body.dump();
  return {
    async run() {
      let position = 0;
      for (const chunk of chunks) {
        const answering = client.request({
          method: 'POST',
          path: `${path}?append&position=${position}`,
          body: chunk,
          headers: { 'content-length': String(chunk.byteLength) },
        });
        if (setting.checksum) {
          // As late as in AppendWritable, so that the socket gets the chunk first.
          await new Promise(setImmediate);
          crc64(chunk);
        }
        const { headers, body } = await answering;
        await body.dump();
        position = Number(headers['x-oss-next-append-position']);
      }
      return { byteLength: position };
    },
    finish: () => client.close(),
  };
}
