// The least that opening streams requires: one HEAD after another through undici, unsigned.
import { Client } from 'undici';
import type { Assignment, Job } from '../harness/assignment.js';
import { eachInTurn } from '../harness/opening.js';
import { makeSource, type SourceSetting } from '../harness/source.js';

interface Setting extends SourceSetting {
  readonly streams: number;
}

export async function prepare({ setting, target }: Assignment<Setting>): Promise<Job> {
  const { endpoint, bucket, key } = target;
  const { period } = makeSource(setting);
  const client = new Client(endpoint);
  const path = `/${bucket}/${key}`;
  const head = async () => {
    const { body } = await client.request({ method: 'HEAD', path, reset: false });
    await body.dump();
  };
  await head();
  return {
    async run() {
      const figures = await eachInTurn(setting.streams, head);
      const { headers, body } = await client.request({
        method: 'POST',
        path: `${path}?append&position=0`,
        body: period,
      });
      await body.dump();
      return { byteLength: Number(headers['x-oss-next-append-position']), figures };
    },
    finish: () => client.close(),
  };
}
