import { describe, expect, test } from 'vitest';
import type { AppendClient } from '../../src/append/append-client.js';
import { parseArguments } from './arguments.js';
import { Counts } from './counts.js';
import { type Limits, replayCommand } from './limits.js';
import { simulateNaive } from './naive-life.js';
import { blindRetry } from './naive-writers.js';
import { type Replay, shrink } from './shrink.js';
import { type SimulationResult, simulate } from './simulation.js';

/** A life with thirty moves and twenty requests, which fails if `fails` returns true. */
function lifeThat(fails: (limits: Limits) => boolean) {
  const tried: Limits[] = [];
  const replay = async (limits: Limits): Promise<Replay> => {
    tried.push(limits);
    const counts = new Counts();
    counts.add('move', 'write', 30);
    counts.add('append', 'answered', 17);
    if (!limits.without?.has('answer-lost')) counts.add('append', 'answer-lost', 3);
    // Happens only with more than nine requests.
    const isStale = !limits.without?.has('stale') && (limits.patience ?? 20) > 9;
    if (isStale) counts.add('head', 'stale', 2);
    return { problems: fails(limits) ? ['it fails'] : [], counts };
  };
  return { tried, replay };
}

describe('shrink()', () => {
  test('finds the fewest moves and requests, and excludes the event that is not needed', async () => {
    const { replay } = lifeThat(({ moves = 30, patience = 20, without }) => {
      return moves >= 4 && patience >= 12 && !without?.has('answer-lost');
    });

    const limits = await shrink(replay);

    expect(limits).toEqual({ moves: 4, patience: 12, without: new Set(['stale']) });
  });

  test('tries a limit again after another event was left out', async () => {
    const { replay } = lifeThat(({ moves = 30, patience = 20, without }) => {
      return patience >= 12 && moves >= (without?.has('stale') ? 3 : 20);
    });

    const limits = await shrink(replay);

    expect(limits).toMatchObject({ moves: 3, patience: 12 });
  });

  test('does not name events that the other limits prevent', async () => {
    const { replay } = lifeThat(({ patience = 20, without }) => {
      return patience >= (without?.has('answer-lost') ? 3 : 12);
    });

    const limits = await shrink(replay);

    expect(limits).toEqual({ moves: 0, patience: 3, without: new Set(['answer-lost']) });
  });

  test('returns no limits for a life that does not fail', async () => {
    const { tried, replay } = lifeThat(() => false);

    expect(await shrink(replay)).toEqual({});
    expect(tried).toHaveLength(1);
  });

  test('stops after a hundred replays with the best limits so far', async () => {
    let failures = 0;
    const { tried, replay } = lifeThat(() => failures++ % 2 === 0);
    const limits = await shrink(replay);

    expect(tried.length).toBeLessThanOrEqual(101);
    expect(tried).toContainEqual(limits);
  });
});

/** Breaks the rule that one call is one attempt: after a failure it appends at the object's end. */
function persistent(client: AppendClient): AppendClient {
  return {
    appendObject: async (key, position, body, options) => {
      try {
        return await client.appendObject(key, position, body, options);
      } catch (error) {
        if (options?.signal?.aborted || Reflect.get(Object(error), 'outcome') !== 'unknown') {
          throw error;
        }
        const state = await client.headObject(key, options);
        return client.appendObject(key, state?.length ?? 0, body, options);
      }
    },
    headObject: (key, options) => client.headObject(key, options),
    getObject: (key, options) => client.getObject(key, options),
    sealAppendObject: (key, position, options) => client.sealAppendObject(key, position, options),
    close: () => client.close(),
  };
}

/** The first seed whose life fails, and its result. */
async function firstFailure<R extends { readonly problems: readonly string[] }>(
  live: (seed: number) => Promise<R>,
): Promise<[seed: number, result: R]> {
  for (let seed = 0; seed < 1000; seed++) {
    const result = await live(seed);
    if (result.problems.length > 0) return [seed, result];
  }
  throw new Error('No life fails');
}

/** Seed and limits of a printed command. */
function parseCommand(command: string): { seed: number; limits: Limits } {
  const request = parseArguments(command.replace('npm run simulate -- ', '').split(' '));
  if (request.kind !== 'replay') throw new Error(`Not a replay command: ${command}`);
  return request;
}

describe('the printed command', () => {
  test('replays the shrunk life of a client that appends twice', async () => {
    const live = (seed: number, limits?: Limits): Promise<SimulationResult> =>
      simulate(seed, { limits, wrap: persistent });
    const [seed] = await firstFailure(live);
    const limits = await shrink((tried) => live(seed, tried));

    const command = replayCommand(seed, limits);
    const replay = parseCommand(command);
    const { problems, counts } = await live(replay.seed, replay.limits);

    expect(problems[0]).toMatch(/^bytes from \d+ on move from k.* in the same object$/);
    expect(counts.sum('move')).toBeLessThanOrEqual(2);
    expect(limits.patience).toBeLessThanOrEqual(5);
    const fates = [...counts.of('append').keys(), ...counts.of('head').keys()];
    expect(new Set(fates.filter((fate) => fate !== 'answered')).size).toBeLessThanOrEqual(2);
    expect((await simulate(replay.seed, { limits: replay.limits })).problems).toEqual([]);
  });

  test('replays the shrunk life of a writer that retries blindly', async () => {
    const live = async (seed: number, limits?: Limits) => {
      const { isDuplicated, counts } = await simulateNaive(seed, blindRetry, { limits });
      return { problems: isDuplicated ? ['bytes are duplicated'] : [], counts };
    };
    const [seed] = await firstFailure(live);
    const limits = await shrink((tried) => live(seed, tried));
    const replay = parseCommand(replayCommand(seed, limits));

    expect((await live(replay.seed, replay.limits)).problems).toHaveLength(1);
    expect(limits.moves).toBeLessThanOrEqual(2);
    expect(limits.patience).toBeLessThanOrEqual(2);
  });
});

describe('limits', () => {
  const lifeWithin = async (seed: number, limits: Limits) => {
    const lines: string[] = [];
    await simulate(seed, { limits, log: (line) => lines.push(line) });
    return lines;
  };

  test('change nothing when they are not reached', async () => {
    for (let seed = 0; seed < 50; seed++) {
      const whole = await lifeWithin(seed, {});

      expect(await lifeWithin(seed, { moves: 1000, patience: 1000 })).toEqual(whole);
    }
  });

  test('change nothing before they are reached', async () => {
    for (let seed = 0; seed < 50; seed++) {
      const whole = await lifeWithin(seed, {});
      const lost = whole.findIndex((line) => line.endsWith('answer-lost'));
      const spared = await lifeWithin(seed, { without: new Set(['answer-lost']) });

      if (lost === -1) expect(spared).toEqual(whole);
      else expect(spared.slice(0, lost)).toEqual(whole.slice(0, lost));
    }
  });
});
