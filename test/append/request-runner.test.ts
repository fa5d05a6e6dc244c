import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RequestOptions, RequestTimeout } from '../../src/append/append-client.js';
import { AbandonedRequestError, RequestRunner } from '../../src/append/request-runner.js';
import { useFakeTimers, useRealTimers } from '../helpers/fake-timers.js';

/** Runs one request of a stream that ends with `signal`. */
function withDeadline<T>(
  signal: AbortSignal,
  requestTimeout: number,
  send: (signal: AbortSignal, timeout: RequestTimeout) => Promise<T>,
): Promise<T> {
  const requests = new RequestRunner({ signal, requestTimeout, request: {} });
  return requests.run(0, (options) => {
    const { signal: own, timeout } = options as Required<RequestOptions>;
    return send(own as AbortSignal, timeout as RequestTimeout);
  });
}

describe('RequestRunner.run()', () => {
  beforeEach(() => {
    useFakeTimers();
  });

  afterEach(() => {
    useRealTimers();
  });

  const expectNothingLeft = (signal: AbortSignal) => {
    // A stopped timer may still fire once, without effect.
    vi.runOnlyPendingTimers();
    expect(vi.getTimerCount()).toBe(0);
    // One listener per stream, whatever the number of its requests.
    expect(getEventListeners(signal, 'abort')).toHaveLength(signal.aborted ? 0 : 1);
  };

  /** Rejects with its reason when `signal` fires, as a client should. */
  const untilAborted = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });

  const never = () => new Promise<never>(() => {});

  test('resolves with the value of the request, and leaves no timer', async () => {
    const { signal } = new AbortController();
    const inner: AbortSignal[] = [];
    const answer = await withDeadline(signal, 1000, async (given) => {
      inner.push(given);
      return 'answer';
    });

    expect(answer).toBe('answer');
    expectNothingLeft(signal);
    expect(inner.map(({ aborted }) => aborted)).toEqual([false]);
  });

  test('rejects with the error of the request, and leaves no timer', async () => {
    const { signal } = new AbortController();
    const refusal = new Error('refused');

    await expect(withDeadline(signal, 1000, () => Promise.reject(refusal))).rejects.toBe(refusal);
    expectNothingLeft(signal);
  });

  test('rejects with an error that the request throws synchronously, and leaves no timer', async () => {
    const { signal } = new AbortController();
    const thrown = new Error('thrown');
    const running = withDeadline(signal, 1000, () => {
      throw thrown;
    });

    await expect(running).rejects.toBe(thrown);
    expectNothingLeft(signal);
  });

  test('reuses a signal for a few successive requests', async () => {
    const { signal } = new AbortController();
    const requests = new RequestRunner({ signal, requestTimeout: 1000, request: {} });
    const counts = new Map<unknown, number>();
    for (let request = 0; request < 20; request++) {
      await requests.run(0, async ({ signal: own, timeout }) => {
        counts.set(own, (counts.get(own) ?? 0) + 1);
        expect(timeout?.milliseconds).toBe(1000);
      });
    }

    expect([...counts.values()]).toEqual([8, 8, 4]);
    expectNothingLeft(signal);
  });

  test('never reuses a signal that has fired', async () => {
    const { signal } = new AbortController();
    const requests = new RequestRunner({ signal, requestTimeout: 1000, request: {} });
    const settled = expect(
      requests.run(0, (options) => untilAborted(options.signal as AbortSignal)),
    ).rejects.toMatchObject({ name: 'TimeoutError' });
    await vi.advanceTimersByTimeAsync(1000);
    await settled;

    await requests.run(0, async (options) => expect(options.signal?.aborted).toBe(false));
  });

  test('allows a request the time that its bytes take, and passes on the common options', async () => {
    const { signal } = new AbortController();
    const request = { trafficLimit: 8 * 1024, requestPayer: 'requester' } as const;
    const requests = new RequestRunner({ signal, requestTimeout: 1000, request });
    const send = vi.fn((options) => untilAborted(options.signal));
    const settled = expect(requests.run(2048, send)).rejects.toMatchObject({
      message: 'No answer within 3000 ms',
    });
    await vi.advanceTimersByTimeAsync(3000);

    await settled;
    expect(send.mock.calls[0]?.[0]).toMatchObject(request);
  });

  test('starts the request synchronously', () => {
    const request = vi.fn(async () => {});
    void withDeadline(new AbortController().signal, 1000, request);

    expect(request).toHaveBeenCalledOnce();
  });

  test('aborts the request when its time is up, and not before', async () => {
    const { signal } = new AbortController();
    let inner: AbortSignal | undefined;
    const running = withDeadline(signal, 1000, (given) => {
      inner = given;
      return untilAborted(given);
    });
    const settled = expect(running).rejects.toMatchObject({
      name: 'TimeoutError',
      message: 'No answer within 1000 ms',
    });
    await vi.advanceTimersByTimeAsync(999);
    expect(inner?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(inner?.aborted).toBe(true);
    await settled;
    expectNothingLeft(signal);
    expect(signal.aborted).toBe(false);
  });

  test('does not count the time for which the request suspends its timeout', async () => {
    const { signal } = new AbortController();
    let resume = () => {};
    let inner: AbortSignal | undefined;
    const running = withDeadline(signal, 1000, (given, timeout) => {
      inner = given;
      resume = timeout.suspend();
      return untilAborted(given);
    });
    const settled = expect(running).rejects.toMatchObject({ name: 'TimeoutError' });
    await vi.advanceTimersByTimeAsync(1_000_000);
    resume();
    await vi.advanceTimersByTimeAsync(999);
    expect(inner?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await settled;
    expectNothingLeft(signal);
  });

  test('aborts a request that has suspended its timeout, and leaves no timer', async () => {
    const controller = new AbortController();
    let resume = () => {};
    const running = withDeadline(controller.signal, 1000, (_, timeout) => {
      resume = timeout.suspend();
      return never();
    });
    const reason = new Error('destroyed');
    controller.abort(reason);

    await expect(running).rejects.toBe(reason);
    resume();
    expectNothingLeft(controller.signal);
  });

  test('accepts an answer that arrives within the grace period', async () => {
    const { signal } = new AbortController();
    const running = withDeadline(
      signal,
      1000,
      () => new Promise((resolve) => setTimeout(() => resolve('late'), 1999)),
    );
    await vi.advanceTimersByTimeAsync(1999);

    await expect(running).resolves.toBe('late');
    expectNothingLeft(signal);
  });

  test('abandons a request that ignores its signal, a second after it fired', async () => {
    const { signal } = new AbortController();
    const outcome = vi.fn();
    withDeadline(signal, 1500, never).catch(outcome);
    await vi.advanceTimersByTimeAsync(2499);
    expect(outcome).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);

    const error: unknown = outcome.mock.calls[0]?.[0];
    expect(error).toBeInstanceOf(AbandonedRequestError);
    expect(error).toMatchObject({
      name: 'AbandonedRequestError',
      message: 'No answer within 1500 ms',
      cause: { name: 'TimeoutError' },
    });
    expectNothingLeft(signal);
  });

  test('sends no request when the signal has fired before', async () => {
    const request = vi.fn(async () => {});
    const reason = new Error('too late');

    await expect(withDeadline(AbortSignal.abort(reason), 1000, request)).rejects.toBe(reason);
    expect(request).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each([
    { client: 'obeys', request: untilAborted },
    { client: 'ignores', request: never },
  ])(
    'rejects with the reason at once when aborted, even if the client $client it',
    async ({ request }) => {
      const controller = new AbortController();
      let inner: AbortSignal | undefined;
      const running = withDeadline(controller.signal, 1000, (given) => {
        inner = given;
        return request(given);
      });
      const reason = new Error('destroyed');
      controller.abort(reason);

      await expect(running).rejects.toBe(reason);
      expect(inner?.reason).toBe(reason);
      expectNothingLeft(controller.signal);
    },
  );

  test('rejects with the reason when aborted within the grace period', async () => {
    const controller = new AbortController();
    const running = withDeadline(controller.signal, 1000, never);
    const reason = new Error('destroyed');
    const settled = expect(running).rejects.toBe(reason);
    await vi.advanceTimersByTimeAsync(1500);
    controller.abort(reason);

    await settled;
    expectNothingLeft(controller.signal);
  });

  test.each(['time', 'signal'])(
    'hands over what arrives after the request was ended by its %s',
    async (end) => {
      const controller = new AbortController();
      const requests = new RequestRunner({
        signal: controller.signal,
        requestTimeout: 1000,
        request: {},
      });
      let answer: (value: string) => void = () => {};
      const discarded: string[] = [];
      const running = requests.run(
        0,
        () => new Promise<string>((resolve) => (answer = resolve)),
        (value) => discarded.push(value),
      );
      const settled = expect(running).rejects.toThrow();
      if (end === 'signal') controller.abort();
      else await vi.advanceTimersByTimeAsync(2000);
      await settled;
      answer('late');
      await Promise.resolve();

      expect(discarded).toEqual(['late']);
    },
  );

  test('hands over what arrives in the moment in which the request is abandoned', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const requests = new RequestRunner({ signal, requestTimeout: 1000, request: {} });
    const discarded: string[] = [];
    let answer: (value: string) => void = () => {};
    const running = requests.run(
      0,
      () => new Promise<string>((resolve) => (answer = resolve)),
      (value) => discarded.push(value),
    );
    controller.abort();
    answer('late');

    await expect(running).rejects.toThrow();
    expect(discarded).toEqual(['late']);
  });

  test('causes no unhandled rejection when the request fails after it was abandoned', async () => {
    const unhandled = vi.fn();
    process.once('unhandledRejection', unhandled);
    const running = withDeadline(
      new AbortController().signal,
      1000,
      () => new Promise((_, reject) => setTimeout(() => reject(new Error('at last')), 5000)),
    );
    const settled = expect(running).rejects.toBeInstanceOf(AbandonedRequestError);
    await vi.advanceTimersByTimeAsync(6000);
    await settled;
    useRealTimers();
    await new Promise((resolve) => setImmediate(resolve));
    process.removeListener('unhandledRejection', unhandled);

    expect(unhandled).not.toHaveBeenCalled();
  });

  test('causes no unhandled rejection when the request aborts the stream and throws synchronously', async () => {
    useRealTimers();
    const unhandled = vi.fn();
    process.once('unhandledRejection', unhandled);
    const controller = new AbortController();
    const running = withDeadline(controller.signal, 1000, () => {
      controller.abort(new Error('destroyed'));
      throw new Error('at once');
    });

    await expect(running).rejects.toThrow('destroyed');
    await new Promise((resolve) => setImmediate(resolve));
    process.removeListener('unhandledRejection', unhandled);

    expect(unhandled).not.toHaveBeenCalled();
  });
});
