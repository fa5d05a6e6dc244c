import { afterAll, beforeAll, expect, test } from 'vitest';
import { simulate } from './simulation.js';

const seeds = 20_000;

const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);
beforeAll(() => void process.on('unhandledRejection', note));
afterAll(() => void process.off('unhandledRejection', note));

test('whatever befalls a stream and its object at whatever moment, every promise is kept', {
  timeout: 300_000,
}, async () => {
  const outcomes = new Set<string>();
  for (let seed = 0; seed < seeds; seed++) {
    const { problems, outcome } = await simulate(seed);
    outcomes.add(outcome);
    const replay = `npm run simulate -- --seed ${seed}`;
    const found = [...problems, ...unhandled.splice(0)];
    if (found.length > 0) expect({ replay, found }).toEqual({ replay, found: [] });
  }

  // The adversary is worth its name.
  expect([...outcomes].sort()).toEqual([
    'ABORT_ERR',
    'APPEND_ERR_CHECKSUM',
    'APPEND_ERR_DIVERGED',
    'APPEND_ERR_NOT_APPENDABLE',
    'APPEND_ERR_RETRIES_EXHAUSTED',
    'APPEND_ERR_UNCONFIRMED',
    'ScriptedFailure',
    'destroyed',
    'finished',
  ]);
});

test('the same seed is the same life', async () => {
  const lives: string[][] = [];
  for (let time = 0; time < 2; time++) {
    const events: string[] = [];
    for (let seed = 0; seed < 50; seed++) await simulate(seed, (event) => events.push(event));
    lives.push(events);
  }

  expect(lives[1]).toEqual(lives[0]);
});
