import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Remote } from '../helpers/remote.js';
import { casesOf, type FaultCase, nameOf } from './fault-matrix/fault-case.js';
import type { Job } from './fault-matrix/job.js';
import { judge } from './fault-matrix/judge.js';
import { killAtRandom } from './fault-matrix/kill-at-random.js';
import { runCase } from './fault-matrix/run-case.js';
import { Stage } from './fault-matrix/stage.js';
import { kills, troubles } from './fault-matrix/trouble.js';
import type { WriterFunctions } from './fault-matrix/writer-process.js';

// The long form, with larger chunks and a process for each case, is `npm run proof`.
const chunkSize = 4096;

let writer: Remote<WriterFunctions>;
beforeAll(() => {
  writer = new Remote('test/guarantees/fault-matrix/writer-process');
});
afterAll(() => writer[Symbol.asyncDispose]());

const write = (job: Job) => writer.call('write', job);

const titled = (cases: readonly FaultCase[]) =>
  cases.map((faultCase) => [nameOf(faultCase), faultCase] as const);

describe('a fault of one object leaves every byte once, or the expected error', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.set();
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  const cases = troubles.filter(({ isGlobal }) => !isGlobal).flatMap(casesOf);
  test.concurrent.each(titled(cases))('%s', async (_, faultCase) => {
    const result = await runCase(stage, faultCase, { write, chunkSize });

    expect(judge(faultCase, result)).toEqual([]);
  });
});

describe('a fault of the whole server leaves every byte once, or the expected error', () => {
  let dir: string;
  let stage: Stage;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'fault-matrix-'));
    stage = await Stage.set(dir);
  });
  afterAll(async () => {
    await stage[Symbol.asyncDispose]();
    await rm(dir, { recursive: true, force: true });
  });

  const killedOnce = kills.flatMap(casesOf).filter(({ repetition }) => repetition === 'once');
  const cases = [...killedOnce, ...troubles.filter(({ isGlobal }) => isGlobal).flatMap(casesOf)];
  test.each(titled(cases))('%s', async (_, faultCase) => {
    const result = await runCase(stage, faultCase, { write, chunkSize });

    expect(judge(faultCase, result)).toEqual([]);
  });
  test('server killed at random moments, restarted each time', {
    timeout: 60_000,
  }, async () => {
    const { kills, report, problems } = await killAtRandom(stage, { write, most: 3 });

    expect(problems).toEqual([]);
    expect(kills).toBeGreaterThan(0);
    expect(report.retries).toBeGreaterThan(0);
  });
});
