import { setTimeout as wait } from 'node:timers/promises';
import { Remote } from '../../helpers/remote.js';
import type { Stage } from '../fault-matrix/stage.js';
import { keyIn } from './rolling-case.js';
import type { KillPoint, RollingJob } from './rolling-job.js';
import type { RollingWriterFunctions } from './writer-process.js';

/** A writer's life: whether it was killed, and how many of its lines were acknowledged until then. */
export interface Life {
  readonly life: number;
  readonly isKilled: boolean;
  readonly acknowledged: number;

  /** Why it gave up; it must not. */
  readonly error: string | undefined;
}

const program = 'test/guarantees/rollover/writer-process';

export function newWriter(): Remote<RollingWriterFunctions> {
  return new Remote<RollingWriterFunctions>(program);
}

/** A job of a writer with small objects. */
export function jobOf(stage: Stage, folder: string, changes: Partial<RollingJob> = {}): RollingJob {
  return {
    connection: stage.directConnection,
    key: `${folder}/{seq}.log`,
    life: 1,
    lineCount: 30,
    chunkSize: 256,
    maxSize: 640,
    hasRecords: true,
    seal: false,
    conflict: 'fail',
    retries: 20,
    backoff: 10,
    requestTimeout: 10_000,
    ...changes,
  };
}

/**
 * Runs a life in a process of its own.
 *
 * @param killAfter Milliseconds from its first acknowledged line until it is killed.
 */
export async function live(job: RollingJob, killAfter?: number): Promise<Life> {
  await using writer = newWriter();
  let acknowledged = 0;
  const onMessage = ({ id, result }: { id: number; result: number }) => {
    if (id !== 0) return;
    if (acknowledged === 0 && killAfter !== undefined) {
      void wait(killAfter).then(() => writer.kill());
    }
    acknowledged = result;
  };
  writer.process.on('message', onMessage);
  const { life } = job;
  try {
    const report = await writer.call('live', job);
    const error = report.error?.message;
    return { life, isKilled: false, acknowledged: report.acknowledged, error };
  } catch {
    return { life, isKilled: true, acknowledged, error: undefined };
  }
}

/** A moment of rolling over from the second object to the third. */
export interface RollStep {
  readonly name: string;
  readonly seal: boolean;
  readonly operation: KillPoint['operation'];
  readonly object: number;
  readonly nth: number;
  readonly moment: KillPoint['moment'];

  /** Milliseconds until the request is executed that was on its way. */
  readonly delay?: number;
}

const lastAppend = { operation: 'append', object: 1, nth: 3 } as const;
const sealing = { operation: 'seal', object: 1, nth: 1 } as const;
const firstAppend = { operation: 'append', object: 2, nth: 1 } as const;

export const rollSteps: readonly RollStep[] = [
  { name: 'before the last append', seal: false, ...lastAppend, moment: 'before' },
  { name: 'during the last append', seal: false, ...lastAppend, moment: 'sent', delay: 200 },
  { name: 'between last append and seal', seal: true, ...lastAppend, moment: 'answered' },
  { name: 'during the seal', seal: true, ...sealing, moment: 'sent', delay: 200 },
  { name: 'during a seal that comes late', seal: true, ...sealing, moment: 'sent', delay: 1500 },
  { name: 'between seal and first append', seal: true, ...sealing, moment: 'answered' },
  { name: 'before the first append', seal: false, ...firstAppend, moment: 'before' },
  { name: 'during the first append', seal: false, ...firstAppend, moment: 'sent', delay: 200 },
  {
    name: 'during the first append, sealed',
    seal: true,
    ...firstAppend,
    moment: 'sent',
    delay: 200,
  },
  {
    name: 'during a first append that lands late',
    seal: false,
    ...firstAppend,
    moment: 'sent',
    delay: 1500,
  },
  {
    name: 'during a first append that lands late, sealed',
    seal: true,
    ...firstAppend,
    moment: 'sent',
    delay: 1500,
  },
  { name: 'behind the first append', seal: true, ...firstAppend, moment: 'answered' },
];

let folders = 0;

/** Kills a writer at a step, and starts another one on the same template. */
export async function dieAt(
  stage: Stage,
  step: RollStep,
): Promise<{ readonly folder: string; readonly lives: readonly Life[] }> {
  const folder = `step-${++folders}`;
  const { seal, operation, object, nth, moment, delay } = step;
  const key = keyIn(folder, object);
  if (delay !== undefined) {
    await stage.emulator.call('addFault', { kind: 'delay', operation, key, nth, delay });
  }
  const killAt = { operation, key, nth, moment };
  const killed = await live(jobOf(stage, folder, { seal, killAt }));
  const next = await live(jobOf(stage, folder, { seal, life: 2 }));
  // Until what the killed one had sent has landed, or not.
  if (delay !== undefined) await wait(delay);
  return { folder, lives: [killed, next] };
}

/** Kills so many writers at random moments, each started on the same template; the last one ends. */
export async function dieAtRandom(
  stage: Stage,
  { kills, seal, longest }: { kills: number; seal: boolean; longest: number },
): Promise<{ readonly folder: string; readonly lives: readonly Life[] }> {
  const folder = `chain-${++folders}`;
  const lives: Life[] = [];
  for (let life = 1; life <= kills + 1; life++) {
    const changes = { life, seal, lineCount: 600, chunkSize: 512, maxSize: 2000 };
    const killAfter = life > kills ? undefined : Math.random() * longest;
    lives.push(await live(jobOf(stage, folder, changes), killAfter));
  }
  return { folder, lives };
}
