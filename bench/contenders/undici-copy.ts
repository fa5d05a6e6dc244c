// The upper bound of a conversion: a GET through undici, whose body is sent in appends one after the
// other, unsigned and unchecked.
import { Client } from 'undici';
import { sourceOf } from '../../test/comparing-store/target.js';
import type { Assignment, Job } from '../harness/assignment.js';
import { rechunk } from '../harness/rechunk.js';

interface Setting {
  readonly chunkSize: number;
}

export async function prepare({ setting, target }: Assignment<Setting>): Promise<Job> {
  const { endpoint, bucket, key } = target;
  const [from, to] = [new Client(endpoint), new Client(endpoint)];
  const path = `/${bucket}/${key}`;
  for (const client of [from, to]) {
    const { body } = await client.request({ method: 'HEAD', path, reset: false });
    await body.dump();
  }
  return {
    async run() {
      const source = await from.request({ method: 'GET', path: `/${bucket}/${sourceOf(key)}` });
      let position = 0;
      for await (const chunk of rechunk(source.body, setting.chunkSize)) {
        const { headers, body } = await to.request({
          method: 'POST',
          path: `${path}?append&position=${position}`,
          body: chunk,
          headers: { 'content-length': String(chunk.byteLength) },
        });
        await body.dump();
        position = Number(headers['x-oss-next-append-position']);
      }
      return { byteLength: position };
    },
    finish: async () => {
      await Promise.all([from.close(), to.close()]);
    },
  };
}
