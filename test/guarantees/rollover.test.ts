import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Remote } from '../helpers/remote.js';
import { Stage } from './fault-matrix/stage.js';
import { writeAtOnce } from './rollover/at-once.js';
import { dieAt, dieAtRandom, rollSteps } from './rollover/lives.js';
import { judgeLives } from './rollover/lives-judge.js';
import { fewRollingCases, nameOfRolling, objectsOf, runRolling } from './rollover/rolling-case.js';
import type { RollingJob } from './rollover/rolling-job.js';
import { judgeRolling } from './rollover/rolling-judge.js';
import type { RollingWriterFunctions } from './rollover/writer-process.js';

// The long form, with every kind of stream and hundreds of killed writers, is `npm run proof`.
const program = 'test/guarantees/rollover/writer-process';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.set();
});
afterAll(() => stage[Symbol.asyncDispose]());

describe('a fault leaves every line in one object, whole and once, or the expected error', () => {
  let writer: Remote<RollingWriterFunctions>;
  beforeAll(() => {
    writer = new Remote(program);
  });
  afterAll(() => writer[Symbol.asyncDispose]());
  const write = (job: RollingJob) => writer.call('write', job);

  const titled = fewRollingCases().map((it) => [nameOfRolling(it), it] as const);
  test.concurrent.each(titled)('%s', async (_, rollingCase) => {
    const result = await runRolling(stage, rollingCase, write);

    expect(judgeRolling(rollingCase, result)).toEqual([]);
  });
});

describe('what was acknowledged before a writer is killed is in the objects once, and in order', () => {
  const names = [
    'between last append and seal',
    'during the seal',
    'during the first append',
    'during a first append that lands late, sealed',
    'behind the first append',
  ];
  const steps = rollSteps.filter(({ name }) => names.includes(name));
  test.concurrent.each(steps)('killed $name', async (step) => {
    const { folder, lives } = await dieAt(stage, step);

    expect(lives[0]?.isKilled).toBe(true);
    expect(judgeLives(await objectsOf(stage, folder), lives, { maxSize: 640 })).toEqual([]);
    expect(lives[1]?.acknowledged).toBe(30);
  });

  test.concurrent('killed at random moments', async () => {
    const { folder, lives } = await dieAtRandom(stage, { kills: 2, seal: true, longest: 100 });

    expect(judgeLives(await objectsOf(stage, folder), lives, { maxSize: 2000 })).toEqual([]);
    expect(lives.at(-1)).toMatchObject({ isKilled: false, acknowledged: 600 });
  });
});

test('six processes that are open before they write have an object each', async () => {
  const changes = { maxSize: 100_000 };
  const { folder, lives } = await writeAtOnce(stage, changes, { writers: 6, isGated: true });
  const objects = await objectsOf(stage, folder);

  expect(judgeLives(objects, lives, { maxSize: 100_000, isAtOnce: true })).toEqual([]);
  expect(lives.map(({ acknowledged }) => acknowledged)).toEqual(Array(6).fill(30));
  const writers = objects.map(({ bytes }) => new Set(String(bytes).match(/life \d/g)));
  expect(writers.map(({ size }) => size)).toEqual(Array(6).fill(1));
});
