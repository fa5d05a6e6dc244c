import pRetry from 'p-retry';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  FailedAttempt,
  isLength,
  judge,
  type RetryNotice,
  retryOptions,
} from '../../src/append/retry-policy.js';
import { useFakeTimers, useRealTimers } from '../helpers/fake-timers.js';
import { failure } from './scripted-client.js';

const withFields = (fields: object) => Object.assign(new Error('failed'), fields);

describe('judge()', () => {
  test.each([
    { scenario: 'rejected', thrown: failure.rejected(), outcome: 'rejected' },
    { scenario: 'an answered unknown', thrown: failure.answered(), outcome: 'unknown' },
    { scenario: 'an unanswered unknown', thrown: failure.unanswered(), outcome: 'unknown' },
    { scenario: 'conflict', thrown: failure.conflict(), outcome: 'conflict' },
    { scenario: 'forbidden', thrown: failure.forbidden(), outcome: 'forbidden' },
    { scenario: 'fatal', thrown: failure.fatal(), outcome: 'fatal' },
  ])('returns the outcome that the client names: $scenario', ({ thrown, outcome }) => {
    expect(judge(thrown)).toMatchObject({ outcome, error: thrown });
    expect(judge(thrown).error).toBe(thrown);
  });

  test.each([
    { scenario: 'an error without outcome', thrown: new Error('failed') },
    { scenario: 'a TypeError of fetch', thrown: new TypeError('terminated') },
    { scenario: 'an unknown outcome', thrown: withFields({ outcome: 'Rejected' }) },
    { scenario: 'the name of a method', thrown: withFields({ outcome: 'toString' }) },
    { scenario: 'an outcome of null', thrown: withFields({ outcome: null }) },
    { scenario: 'a number', thrown: withFields({ outcome: 0 }) },
    { scenario: 'an array', thrown: withFields({ outcome: ['rejected'] }) },
    { scenario: 'an abort', thrown: new DOMException('aborted', 'AbortError') },
    { scenario: 'answered without an outcome', thrown: withFields({ answered: true }) },
    {
      scenario: 'answered with an invalid outcome',
      thrown: withFields({ outcome: 'garbage', answered: true }),
    },
  ])('counts $scenario as unknown and unanswered', ({ thrown }) => {
    expect(judge(thrown)).toEqual({
      outcome: 'unknown',
      answered: false,
      actualLength: undefined,
      error: thrown,
    });
  });

  test.each([
    new TypeError('a bug'),
    new ReferenceError('a bug'),
    Object.assign(new TypeError('a bug'), { outcome: 'garbage', answered: true }),
  ])('wraps a programming error, as unknown and pointless to retry: %s', (thrown) => {
    const { error, ...verdict } = judge(thrown);

    expect(verdict).toEqual({ outcome: 'unknown', answered: false, actualLength: undefined });
    expect(error).toMatchObject({
      message: `The client threw a ${thrown.name}: a bug`,
      cause: thrown,
    });
    expect(new FailedAttempt(error).isPointless).toBe(true);
  });

  test.each([
    { scenario: 'undefined', thrown: undefined },
    { scenario: 'null', thrown: null },
    { scenario: 'a string', thrown: 'rejected' },
    { scenario: 'a number', thrown: 0 },
    { scenario: 'a symbol', thrown: Symbol('s') },
    { scenario: 'an object', thrown: { outcome: 'rejected' } },
    { scenario: 'an object without a string form', thrown: Object.create(null) },
  ])('creates an error for $scenario, unknown and unanswered', ({ thrown }) => {
    const verdict = judge(thrown);

    expect(verdict).toMatchObject({ outcome: 'unknown', answered: false, actualLength: undefined });
    expect(verdict.error.message).toBe(
      `The client threw a value of type ${typeof thrown} instead of an Error`,
    );
  });

  test.each([
    { answered: true, expected: true },
    { answered: false, expected: false },
    { answered: undefined, expected: false },
    { answered: 'yes', expected: false },
    { answered: 1, expected: false },
  ])('returns answered $expected for unknown with answered $answered', ({ answered, expected }) => {
    expect(judge(withFields({ outcome: 'unknown', answered })).answered).toBe(expected);
  });

  test.each([
    { actualLength: 0, expected: 0 },
    { actualLength: 5, expected: 5 },
    { actualLength: -1, expected: undefined },
    { actualLength: 1.5, expected: undefined },
    { actualLength: Number.NaN, expected: undefined },
    { actualLength: Number.POSITIVE_INFINITY, expected: undefined },
    { actualLength: '5', expected: undefined },
    { actualLength: undefined, expected: undefined },
  ])(
    'returns the length $expected for an actualLength of $actualLength',
    ({ actualLength, expected }) => {
      expect(judge(withFields({ outcome: 'conflict', actualLength })).actualLength).toBe(expected);
    },
  );
});

describe('isLength()', () => {
  test.each([0, 1, 5 * 2 ** 30, Number.MAX_SAFE_INTEGER])('accepts %d', (value) => {
    expect(isLength(value)).toBe(true);
  });

  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '1', 1n, null, undefined])(
    'refuses %s',
    (value) => {
      expect(isLength(value)).toBe(false);
    },
  );
});

describe('FailedAttempt', () => {
  test('has the error as its cause, and the same message', () => {
    const cause = new TypeError('terminated');

    expect(new FailedAttempt(cause)).toMatchObject({
      name: 'FailedAttempt',
      message: 'terminated',
    });
    expect(new FailedAttempt(cause).cause).toBe(cause);
    expect(new FailedAttempt(cause)).not.toBeInstanceOf(TypeError);
  });
});

describe('retryOptions()', () => {
  const immediately = { minTimeout: 0, maxTimeout: 0, factor: 1, randomize: false };

  /** Runs p-retry with attempts that throw `errors` one by one, then resolve. */
  async function run(retries: number, errors: readonly unknown[], signal?: AbortSignal) {
    const notices: RetryNotice[] = [];
    let attempts = 0;
    const options = retryOptions(
      { ...immediately, retries },
      signal ?? new AbortController().signal,
      (notice) => notices.push(notice),
    );
    const result = await pRetry(async () => {
      if (attempts < errors.length) throw errors[attempts++];
      attempts++;
      return 'done';
    }, options).catch((error: unknown) => error);
    return { result, attempts, notices };
  }

  const cause = new Error('failed');

  test('reports every attempt that another one follows, with the error of the client', async () => {
    const { result, attempts, notices } = await run(5, [
      new FailedAttempt(cause),
      new FailedAttempt(cause),
    ]);

    expect(result).toBe('done');
    expect(attempts).toBe(3);
    expect(notices).toEqual([
      { error: cause, attemptNumber: 1, retriesLeft: 5 },
      { error: cause, attemptNumber: 2, retriesLeft: 4 },
    ]);
    expect(notices[0]?.error).toBe(cause);
  });

  test('does not report the last attempt, which no other follows', async () => {
    const last = new FailedAttempt(cause);
    const { result, attempts, notices } = await run(1, [new FailedAttempt(cause), last]);

    expect(result).toBe(last);
    expect(attempts).toBe(2);
    expect(notices).toHaveLength(1);
  });

  test('reports nothing when no retries are allowed', async () => {
    const { attempts, notices } = await run(0, [new FailedAttempt(cause)]);

    expect([attempts, notices]).toEqual([1, []]);
  });

  test('retries a TypeError of a client that FailedAttempt wraps', async () => {
    const { result, notices } = await run(1, [new FailedAttempt(new TypeError('terminated'))]);

    expect(result).toBe('done');
    expect(notices[0]?.error).toBeInstanceOf(TypeError);
  });

  test.each([
    { scenario: 'an error of the delivery', error: new Error('diverged') },
    { scenario: 'a TypeError', error: new TypeError('a bug') },
    { scenario: 'a network error', error: new TypeError('fetch failed') },
  ])('never retries $scenario that FailedAttempt does not wrap', async ({ error }) => {
    const { result, attempts, notices } = await run(5, [error]);

    expect(result).toBe(error);
    expect([attempts, notices]).toEqual([1, []]);
  });

  test('retries without end when the retries are infinite', async () => {
    const errors = Array.from({ length: 50 }, () => new FailedAttempt(cause));
    const { result, notices } = await run(Number.POSITIVE_INFINITY, errors);

    expect(result).toBe('done');
    expect(notices).toHaveLength(50);
    expect(notices.at(-1)?.retriesLeft).toBe(Number.POSITIVE_INFINITY);
  });

  test('stops with the reason when the signal fires during the backoff', async () => {
    useFakeTimers();
    onTestFinished(() => void useRealTimers());
    const controller = new AbortController();
    const reason = new Error('destroyed');
    const onRetry = vi.fn();
    const attempt = vi.fn(async () => {
      throw new FailedAttempt(cause);
    });
    const options = retryOptions(
      { ...immediately, retries: 5, minTimeout: 1000, maxTimeout: 1000 },
      controller.signal,
      onRetry,
    );
    const running = expect(pRetry(attempt, options)).rejects.toBe(reason);
    await vi.advanceTimersByTimeAsync(500);
    controller.abort(reason);
    await running;

    expect(attempt).toHaveBeenCalledOnce();
    expect(onRetry).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each([
    { scenario: 'grow by the factor', retry: { factor: 3 }, pauses: [100, 300, 900] },
    {
      scenario: 'do not exceed maxTimeout',
      retry: { factor: 3, maxTimeout: 250 },
      pauses: [100, 250, 250],
    },
    { scenario: 'stay the same with a factor of 0', retry: { factor: 0 }, pauses: [100, 100, 100] },
    {
      scenario: 'are randomly up to twice as long',
      retry: { factor: 1, randomize: true },
      pauses: [150, 150, 150],
    },
    {
      scenario: 'end at maxRetryTime, after which no attempt follows',
      retry: { factor: 3, maxRetryTime: 350 },
      pauses: [100, 250],
    },
  ])('has pauses that $scenario', async ({ retry, pauses }) => {
    useFakeTimers();
    using _random = vi.spyOn(Math, 'random').mockReturnValue(0.5);
    onTestFinished(() => void useRealTimers());
    const { signal } = new AbortController();
    const startedAt: number[] = [];
    const attempt = async () => {
      startedAt.push(performance.now());
      throw new FailedAttempt(cause);
    };
    const options = retryOptions({ retries: 3, minTimeout: 100, ...retry }, signal, () => {});

    const running = pRetry(attempt, options).catch(() => 'gave up');
    await vi.advanceTimersByTimeAsync(10_000);

    expect(await running).toBe('gave up');
    const measured = startedAt.slice(1).map((at, index) => at - (startedAt[index] as number));
    expect(measured).toEqual(pauses);
  });
});
