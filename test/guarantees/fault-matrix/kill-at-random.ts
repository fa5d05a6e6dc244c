import { setTimeout as wait } from 'node:timers/promises';
import type { FaultCase } from './fault-case.js';
import type { Job, Report } from './job.js';
import { judge } from './judge.js';
import type { Stage } from './stage.js';

/** The kills during one stream, and its outcome. */
export interface KillingSpree {
  readonly kills: number;
  readonly report: Report;
  readonly problems: readonly string[];
}

const faultCase: FaultCase = {
  trouble: { name: 'server killed at random moments' },
  place: 'middle',
  repetition: 'without end',
};

let sprees = 0;

/**
 * Kills the server at random moments, at most `most` times with a restart after each, while a
 * writer writes a few hundred chunks to it without the relay.
 */
export async function killAtRandom(
  stage: Stage,
  { write, most }: { readonly write: (job: Job) => Promise<Report>; readonly most: number },
): Promise<KillingSpree> {
  const job: Job = {
    connection: stage.directConnection,
    key: `spree-${++sprees}.bin`,
    byteLength: 300 * 4096,
    chunkSize: 4096,
    retries: 1_000,
    backoff: 20,
    requestTimeout: 10_000,
  };
  let isOver = false;
  const writing = write(job).finally(() => {
    isOver = true;
  });
  let kills = 0;
  for (; kills < most; kills++) {
    await wait(Math.random() * 200);
    if (isOver) break;
    await stage.restart();
  }
  const report = await writing;
  const object = await stage.read(job.key);
  return { kills, report, problems: judge(faultCase, { job, report, object }) };
}
