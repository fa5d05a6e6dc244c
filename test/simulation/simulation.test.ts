import { expect, test } from 'vitest';
import { Counts } from './counts.js';
import { replayCommand } from './limits.js';
import { shrink } from './shrink.js';
import { simulate } from './simulation.js';

const seeds = 20_000;

test('whatever befalls a stream and its object at whatever moment, every promise is kept', {
  timeout: 300_000,
}, async () => {
  const total = new Counts();
  for (let seed = 0; seed < seeds; seed++) {
    const { problems, counts } = await simulate(seed);
    total.addAll(counts);
    if (problems.length === 0) continue;
    const limits = await shrink((tried) => simulate(seed, { limits: tried }));
    const replay = [replayCommand(seed), replayCommand(seed, limits)];
    expect({ replay, problems }).toEqual({ replay, problems: [] });
  }

  // The adversary is worth its name.
  expect([...total.of('outcome').keys()].sort()).toEqual([
    'ABORT_ERR',
    'APPEND_ERR_CHECKSUM',
    'APPEND_ERR_DIVERGED',
    'APPEND_ERR_EXISTS',
    'APPEND_ERR_NOT_APPENDABLE',
    'APPEND_ERR_RETRIES_EXHAUSTED',
    'APPEND_ERR_SERVICE',
    'APPEND_ERR_UNCONFIRMED',
    'OwnError',
    'ScriptedFailure',
    'destroyed',
    'finished',
  ]);
});

test('the same seed is the same life', async () => {
  const lives: string[][] = [];
  for (let time = 0; time < 2; time++) {
    const lines: string[] = [];
    const log = (line: string) => lines.push(line);
    for (let seed = 0; seed < 50; seed++) await simulate(seed, { log });
    lives.push(lines);
  }

  expect(lives[1]).toEqual(lives[0]);
});
