import { describe, expect, test } from 'vitest';
import { parseArguments, UsageError } from './arguments.js';
import { replayCommand } from './limits.js';

describe('parseArguments()', () => {
  test('returns a survey of many seeds without arguments', () => {
    expect(parseArguments([])).toEqual({ kind: 'survey', first: 0, count: 100_000 });
  });

  test('parses the number of seeds and the first one', () => {
    const request = parseArguments(['--seeds', '50', '--first', '7']);

    expect(request).toEqual({ kind: 'survey', first: 7, count: 50 });
  });

  test('parses one seed and its limits', () => {
    const flags = ['--seed', '57', '--moves', '3', '--patience=0', '--without', 'lost,stale'];

    expect(parseArguments(flags)).toEqual({
      kind: 'replay',
      seed: 57,
      limits: { moves: 3, patience: 0, without: new Set(['lost', 'stale']) },
    });
  });

  test.each([
    { flags: ['--seed', 'x'], why: '--seed must be an integer from 0 to 4294967295: it is "x"' },
    { flags: ['--seed=-1'], why: '--seed must be an integer from 0 to 4294967295: it is "-1"' },
    { flags: ['--seed', '1.5'], why: 'it is "1.5"' },
    { flags: ['--seed', '1e3'], why: 'it is "1e3"' },
    { flags: ['--seed', ''], why: 'it is ""' },
    { flags: ['--seed', '4294967296'], why: 'it is "4294967296"' },
    { flags: ['--seeds', '-5'], why: 'ambiguous' },
    { flags: ['--seeds', '0'], why: '--seeds must be at least 1: it is 0' },
    { flags: ['--first', '4294967290', '--seeds', '7'], why: '--seeds must be an integer' },
    { flags: ['--seed', '1', '--moves', '-2'], why: '--moves' },
    { flags: ['--seed', '1', '--patience', 'many'], why: '--patience must be an integer' },
    { flags: ['--seed', '1', '--without', 'lost,rain'], why: 'it names "rain"' },
    { flags: ['--seed', '1', '--without', ''], why: 'it names ""' },
    { flags: ['--seed', '1', '--seeds', '2'], why: '--seeds cannot be used with --seed' },
    { flags: ['--seed', '1', '--first', '2'], why: '--first cannot be used with --seed' },
    { flags: ['--moves', '3'], why: '--moves requires --seed' },
    { flags: ['--without', 'lost'], why: '--without requires --seed' },
    { flags: ['--sead', '1'], why: '--sead' },
    { flags: ['57'], why: '57' },
  ])('refuses $flags', ({ flags, why }) => {
    expect(() => parseArguments(flags)).toThrow(UsageError);
    expect(() => parseArguments(flags)).toThrow(why);
  });
});

describe('replayCommand()', () => {
  test.each([
    { limits: {}, flags: '--seed 57' },
    { limits: { moves: 0, patience: 0 }, flags: '--seed 57 --moves 0 --patience 0' },
    { limits: { without: new Set<string>() }, flags: '--seed 57' },
    {
      limits: { moves: 3, patience: 2, without: new Set(['lost', 'stale']) },
      flags: '--seed 57 --moves 3 --patience 2 --without lost,stale',
    },
  ])('returns the command with $flags', ({ limits, flags }) => {
    expect(replayCommand(57, limits)).toBe(`npm run simulate -- ${flags}`);
  });
});
