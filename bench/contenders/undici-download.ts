// The upper bound of reading: a GET through undici, or for an object that grows a HEAD and a GET in
// turn, unsigned, without retries, checksums or proofs.
import { Client } from 'undici';
import type { Assignment, Job } from '../harness/assignment.js';
import { ReadCheck } from '../harness/read-check.js';
import type { SourceSetting } from '../harness/source.js';

interface Setting extends SourceSetting {
  readonly stored: string;
}

export async function prepare({ setting, target }: Assignment<Setting>): Promise<Job> {
  const { endpoint, bucket, key } = target;
  const client = new Client(endpoint);
  const path = `/${bucket}/${key}`;
  const check = await ReadCheck.of(setting);
  const opening = await client.request({ method: 'HEAD', path: `${path}.none`, reset: false });
  await opening.body.dump();
  const isGrowing = setting.stored === 'growing object';
  const read = async (headers: Record<string, string>) => {
    const { body } = await client.request({ method: 'GET', path, headers });
    for await (const bytes of body) check.take(bytes);
  };
  return {
    async run() {
      if (!isGrowing) await read({});
      for (let isSealed = !isGrowing; !isSealed; ) {
        const { headers, body } = await client.request({ method: 'HEAD', path, reset: false });
        await body.dump();
        const length = Number(headers['x-oss-next-append-position']);
        if (length > check.byteLength) {
          await read({ range: `bytes=${check.byteLength}-${length - 1}` });
        }
        isSealed = headers['x-oss-sealed-time'] !== undefined;
      }
      return { byteLength: check.byteLength };
    },
    finish: () => client.close(),
  };
}
