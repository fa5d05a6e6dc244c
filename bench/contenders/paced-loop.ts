// A loop without this library, with writes at a steady rate: they gather while an append is in
// flight, and the next one takes a fixed number of bytes, or all that there are.
import { once } from 'node:events';
import { Client } from 'undici';
import type { Target } from '../../test/comparing-store/target.js';
import { aliOssClient } from '../harness/ali-oss-client.js';
import type { Assignment, Job } from '../harness/assignment.js';
import { Backlog } from '../harness/backlog.js';
import { PacedProducer, type PaceSetting } from '../harness/paced-producer.js';

interface Setting extends PaceSetting {
  readonly delay: number;
  readonly through: 'ali-oss' | 'undici';

  /** Bytes per append, which waits until they have gathered; `0`: all that there are. */
  readonly gather: number;
}

interface Appender {
  /** Appends at `position` and resolves with the next. */
  append(position: number, body: Buffer): Promise<number>;
  close?(): Promise<void>;
}

/** As large as the buffer of AppendWritable. */
const mostBytes = 16 * 2 ** 20;

export async function prepare({ setting, target }: Assignment<Setting>): Promise<Job> {
  const appender = setting.through === 'undici' ? await undici(target) : aliOss(target);
  const backlog = new Backlog();
  const producer = new PacedProducer(setting);
  let position = 0;

  async function send(): Promise<void> {
    while (!producer.isDone) {
      if (backlog.byteLength < Math.max(1, setting.gather)) {
        await once(producer, 'tick');
        continue;
      }
      const body = backlog.take(setting.gather || backlog.byteLength);
      const startedAt = performance.now();
      position = await appender.append(position, body);
      producer.acknowledge(Math.floor(position / setting.pieceLength));
      producer.committed(body.byteLength, performance.now() - startedAt);
    }
  }

  return {
    async run() {
      const producing = producer.run({
        write: (piece) => backlog.add(piece),
        hasRoom: () => backlog.byteLength < mostBytes,
      });
      await Promise.all([producing, send()]);
      return { byteLength: position, figures: producer.figures(setting.delay) };
    },
    finish: async () => appender.close?.(),
  };
}

async function undici({ endpoint, bucket, key }: Target): Promise<Appender> {
  const client = new Client(endpoint);
  const path = `/${bucket}/${key}`;
  // The contenders compared with it have also sent a HEAD and connected before they are timed.
  const opening = await client.request({ method: 'HEAD', path, reset: false });
  await opening.body.dump();
  return {
    async append(position, body) {
      const answer = await client.request({
        method: 'POST',
        path: `${path}?append&position=${position}`,
        body,
        headers: { 'content-length': String(body.byteLength) },
      });
      await answer.body.dump();
      return Number(answer.headers['x-oss-next-append-position']);
    },
    close: () => client.close(),
  };
}

function aliOss(target: Target): Appender {
  const client = aliOssClient(target);
  return {
    async append(position, body) {
      const receipt = await client.append(target.key, body, { position: String(position) });
      return Number(receipt.nextAppendPosition);
    },
  };
}
