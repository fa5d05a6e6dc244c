import { expect, test } from 'vitest';
import { runSimulate } from './run-simulate.js';
import { simulate } from './simulation.js';

const timeout = 300_000;

test('a stream keeps every promise in thousands of simulated lives with faults', {
  timeout,
}, async () => {
  const { code, stdout } = await runSimulate(['--seeds', '8000'], timeout);

  // Otherwise it prints the seed, the problems and the command that replays them.
  expect(stdout).toMatch(/^8000 seeds from 0 in \d+ s: no problems\n/);
  expect(code).toBe(0);
  // The adversary must have caused every outcome.
  const [, outcomes = ''] = /How the streams ended: .*\n([\s\S]*?)\n\n/.exec(stdout) ?? [];
  expect(outcomes.match(/\S+$/gm)?.sort()).toEqual([
    'ABORT_ERR',
    'APPEND_ERR_CHECKSUM',
    'APPEND_ERR_DIVERGED',
    'APPEND_ERR_EXISTS',
    'APPEND_ERR_NOT_APPENDABLE',
    'APPEND_ERR_OBJECT_FULL',
    'APPEND_ERR_RECORD_TOO_LONG',
    'APPEND_ERR_RETRIES_EXHAUSTED',
    'APPEND_ERR_SERVICE',
    'APPEND_ERR_UNCONFIRMED',
    'OwnError',
    'ScriptedFailure',
    'destroyed',
    'finished',
  ]);
});

test('the same seed simulates the same life', async () => {
  const lives: string[][] = [];
  for (let time = 0; time < 2; time++) {
    const lines: string[] = [];
    const log = (line: string) => lines.push(line);
    for (let seed = 0; seed < 50; seed++) await simulate(seed, { log });
    lives.push(lines);
  }

  expect(lives[1]).toEqual(lives[0]);
});
