// The least that opening many streams at once, for one line each, requires: a HEAD and a POST
// through undici, unsigned, on any number of connections.
import { Pool } from 'undici';
import { keysOf } from '../../test/comparing-store/target.js';
import type { Assignment, Job } from '../harness/assignment.js';
import { allAtOnce } from '../harness/opening.js';
import { makeSource, type SourceSetting } from '../harness/source.js';

interface Setting extends SourceSetting {
  readonly objects: number;
}

export async function prepare({ setting, target }: Assignment<Setting>): Promise<Job> {
  const { endpoint, bucket, key } = target;
  const line = Buffer.from(String(makeSource(setting).pieces[0]));
  const pool = new Pool(endpoint);
  return {
    async run() {
      return await allAtOnce(keysOf(key, setting.objects), async (own, opened) => {
        const path = `/${bucket}/${own}`;
        const head = await pool.request({ method: 'HEAD', path, reset: false });
        await head.body.dump();
        opened();
        const { headers, body } = await pool.request({
          method: 'POST',
          path: `${path}?append&position=0`,
          body: line,
        });
        await body.dump();
        return Number(headers['x-oss-next-append-position']);
      });
    },
    finish: () => pool.close(),
  };
}
