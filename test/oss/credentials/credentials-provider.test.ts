import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CredentialsError } from '../../../src/errors.js';
import type {
  CredentialsProvider,
  ProvidedAccessKey,
} from '../../../src/oss/credentials/credentials.js';
import { ProvidedCredentials } from '../../../src/oss/credentials/credentials-provider.js';
import { ServiceClock } from '../../../src/oss/signing/service-clock.js';
import { useFakeTimers, useRealTimers } from '../../helpers/fake-timers.js';

afterEach(() => {
  useRealTimers();
});

function accessKey(accessKeyId: string, expiration?: ProvidedAccessKey['expiration']) {
  return { accessKeyId, accessKeySecret: 'hunter2', expiration };
}

function provided(provider: CredentialsProvider): ProvidedCredentials {
  return new ProvidedCredentials(provider, new ServiceClock());
}

async function failure(call: () => unknown): Promise<CredentialsError> {
  const error = await Promise.resolve()
    .then(call)
    .then(
      () => undefined,
      (reason: unknown) => reason,
    );
  expect(error).toBeInstanceOf(CredentialsError);
  expect(String(error)).not.toContain('hunter2');
  return error as CredentialsError;
}

describe('ProvidedCredentials', () => {
  test('calls the provider for every request if there is no expiration', () => {
    const provider = vi.fn(() => accessKey('a'));
    const source = provided(provider);
    expect(source.get()).toMatchObject({ accessKeyId: 'a' });
    void source.get();
    expect(provider).toHaveBeenCalledTimes(2);
  });

  test.each([
    { scenario: 'a Date', convert: (time: number) => new Date(time) },
    { scenario: 'an ISO string', convert: (time: number) => new Date(time).toISOString() },
    { scenario: 'milliseconds', convert: (time: number) => time },
  ])(
    'caches credentials until two minutes before an expiration given as $scenario',
    ({ convert }) => {
      useFakeTimers({ now: 1_000_000 });
      const provider = vi.fn(() => accessKey('a', convert(1_000_000 + 180_000)));
      const source = provided(provider);
      void source.get();
      vi.setSystemTime(1_000_000 + 59_999);
      void source.get();
      expect(provider).toHaveBeenCalledTimes(1);
      vi.setSystemTime(1_000_000 + 60_000);
      void source.get();
      expect(provider).toHaveBeenCalledTimes(2);
    },
  );

  test('shares one call between all requests that wait for it', async () => {
    let resolve: (value: ProvidedAccessKey) => void = () => {};
    const provider = vi.fn(
      () =>
        new Promise<ProvidedAccessKey>((fulfil) => {
          resolve = fulfil;
        }),
    );
    const source = provided(provider);
    const both = Promise.all([source.get(), source.get()]);
    resolve(accessKey('a'));
    const [first, second] = await both;
    expect(first).toBe(second);
    expect(provider).toHaveBeenCalledTimes(1);
    const third = source.get();
    expect(provider).toHaveBeenCalledTimes(2);
    resolve(accessKey('b'));
    expect(await third).toMatchObject({ accessKeyId: 'b' });
  });

  test('returns cached credentials synchronously', async () => {
    const source = provided(async () => accessKey('a', Date.now() + 3_600_000));
    await source.get();
    expect(source.get()).toMatchObject({ accessKeyId: 'a' });
  });

  test.each([
    {
      scenario: 'throws',
      provider: () => {
        throw new Error('down');
      },
    },
    { scenario: 'rejects', provider: () => Promise.reject(new Error('down')) },
  ])('fails with fatal if a provider that never worked $scenario', async ({ provider }) => {
    const error = await failure(() => provided(provider).get());
    expect(error.outcome).toBe('fatal');
    expect(error.cause).toEqual(new Error('down'));
  });

  test('fails with rejected if a provider that worked before fails', async () => {
    const provider = vi.fn(async () => accessKey('a'));
    const source = provided(provider);
    await source.get();
    provider.mockRejectedValueOnce(new Error('down'));
    expect((await failure(() => source.get())).outcome).toBe('rejected');
    expect(await source.get()).toMatchObject({ accessKeyId: 'a' });
  });

  test('uses unexpired cached credentials if calling the provider again fails', async () => {
    useFakeTimers({ now: 1_000_000 });
    const provider = vi.fn(async () => accessKey('a', 1_000_000 + 180_000));
    const source = provided(provider);
    await source.get();
    provider.mockRejectedValue(new Error('down'));
    vi.setSystemTime(1_000_000 + 179_999);
    expect(await source.get()).toMatchObject({ accessKeyId: 'a' });
    await settled();
    vi.setSystemTime(1_000_000 + 180_000);
    expect((await failure(() => source.get())).outcome).toBe('rejected');
    expect(provider).toHaveBeenCalledTimes(3);
  });

  test.each([
    { scenario: 'nothing', value: undefined },
    { scenario: 'null', value: null },
    { scenario: 'a string', value: 'hunter2' },
    { scenario: 'no secret', value: { accessKeyId: 'a' } },
    { scenario: 'an empty id', value: { accessKeyId: '', accessKeySecret: 'hunter2' } },
    {
      scenario: 'space around the secret',
      value: { accessKeyId: 'a', accessKeySecret: ' hunter2' },
    },
    {
      scenario: 'a line break in the id',
      value: { accessKeyId: 'a\r\nb', accessKeySecret: 'hunter2' },
    },
    {
      scenario: 'a number as token',
      value: { accessKeyId: 'a', accessKeySecret: 'hunter2', securityToken: 7 },
    },
    {
      scenario: 'a line break in the token',
      value: { accessKeyId: 'a', accessKeySecret: 'hunter2', securityToken: 'x\ny' },
    },
    { scenario: 'a token by another name', value: { ...accessKey('a'), stsToken: 'hunter2' } },
    { scenario: 'an unreadable expiration', value: accessKey('a', 'tomorrow') },
    { scenario: 'an invalid Date', value: accessKey('a', new Date(Number.NaN)) },
    { scenario: 'null as expiration', value: { ...accessKey('a'), expiration: null } },
  ])('refuses $scenario with fatal, even from a provider that worked before', async ({ value }) => {
    const provider = vi.fn((): unknown => accessKey('a'));
    const source = provided(provider as () => ProvidedAccessKey);
    void source.get();
    provider.mockReturnValueOnce(value);
    expect((await failure(() => source.get())).outcome).toBe('fatal');
    provider.mockReturnValueOnce(Promise.resolve(value));
    expect((await failure(() => source.get())).outcome).toBe('fatal');
  });

  test('renew() discards only the refused credentials', async () => {
    let count = 0;
    const source = provided(() => accessKey(`${++count}`, Date.now() + 3_600_000));
    const first = await source.get();
    const second = await source.renew(first);
    expect(second).toMatchObject({ accessKeyId: '2' });
    expect(await source.renew(first)).toBe(second);
  });

  test('abandon() makes the next get() call the provider again, and a late result is still used', async () => {
    const resolvers: ((value: ProvidedAccessKey) => void)[] = [];
    const provider = vi.fn(
      () => new Promise<ProvidedAccessKey>((resolve) => resolvers.push(resolve)),
    );
    const source = provided(provider);
    const hanging = source.get() as Promise<never>;
    expect(source.abandon(hanging)).toMatchObject({ outcome: 'fatal' });
    void source.get();
    expect(provider).toHaveBeenCalledTimes(2);
    resolvers[0]?.(accessKey('late', Date.now() + 3_600_000));
    await hanging;
    expect(source.get()).toMatchObject({ accessKeyId: 'late' });
  });
});

/** A provider whose calls the test settles. */
function manualProvider() {
  const calls: { resolve: (value: ProvidedAccessKey) => void; reject: (error: Error) => void }[] =
    [];
  const provider = vi.fn(
    () =>
      new Promise<ProvidedAccessKey>((resolve, reject) => {
        calls.push({ resolve, reject });
      }),
  );
  return { calls, provider };
}

/** Waits until all reactions to settled promises have run. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

describe('ProvidedCredentials in the two minutes before they expire', () => {
  const start = 1_000_000;
  const end = start + 180_000;
  const twoMinutesBefore = start + 60_000;

  beforeEach(() => {
    useFakeTimers({ now: start });
  });

  /** A source with credentials until `end`, at the time from which it requests new ones. */
  async function aboutToEnd() {
    const { provider, calls } = manualProvider();
    const source = provided(provider);
    const first = source.get();
    calls.shift()?.resolve(accessKey('old', end));
    await first;
    provider.mockClear();
    vi.advanceTimersByTime(twoMinutesBefore - start);
    return { provider, calls, source };
  }

  test('are returned synchronously while one call requests new ones', async () => {
    const { provider, calls, source } = await aboutToEnd();
    expect(source.get()).toMatchObject({ accessKeyId: 'old' });
    expect(source.get()).toMatchObject({ accessKeyId: 'old' });
    expect(provider).toHaveBeenCalledTimes(1);
    calls[0]?.resolve(accessKey('new', end + 3_600_000));
    await settled();
    expect(source.get()).toMatchObject({ accessKeyId: 'new' });
    expect(provider).toHaveBeenCalledTimes(1);
  });

  test('are requested again after 30 seconds if a call hangs', async () => {
    const { provider, calls, source } = await aboutToEnd();
    expect(source.get()).toMatchObject({ accessKeyId: 'old' });
    vi.advanceTimersByTime(29_999);
    expect(source.get()).toMatchObject({ accessKeyId: 'old' });
    expect(provider).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1);
    expect(source.get()).toMatchObject({ accessKeyId: 'old' });
    expect(provider).toHaveBeenCalledTimes(2);
    calls[1]?.resolve(accessKey('new', end + 3_600_000));
    await settled();
    expect(source.get()).toMatchObject({ accessKeyId: 'new' });
  });

  test.each([
    { scenario: 'rejects', fail: () => Promise.reject(new Error('down')) },
    {
      scenario: 'throws',
      fail: () => {
        throw new Error('down');
      },
    },
    { scenario: 'returns no key', fail: async () => ({}) },
    {
      scenario: 'returns an object whose getters throw',
      fail: () =>
        new Proxy(
          {},
          {
            has: () => {
              throw new Error('down');
            },
          },
        ),
    },
  ])(
    'are used if the provider $scenario, and requested again by a request a second later',
    async ({ fail }) => {
      const rejections: unknown[] = [];
      const note = (reason: unknown) => rejections.push(reason);
      process.on('unhandledRejection', note);
      try {
        const { provider, source } = await aboutToEnd();
        provider.mockImplementation(fail as () => Promise<never>);
        expect(source.get()).toMatchObject({ accessKeyId: 'old' });
        await settled();
        vi.advanceTimersByTime(999);
        expect(source.get()).toMatchObject({ accessKeyId: 'old' });
        expect(provider).toHaveBeenCalledTimes(1);
        vi.advanceTimersByTime(1);
        expect(source.get()).toMatchObject({ accessKeyId: 'old' });
        expect(provider).toHaveBeenCalledTimes(2);
        useRealTimers();
        await new Promise(setImmediate);
      } finally {
        process.off('unhandledRejection', note);
      }
      expect(rejections).toEqual([]);
    },
  );

  test('are not requested with every request if new ones expire just as soon', async () => {
    const { provider, source } = await aboutToEnd();
    provider.mockImplementation(async () => accessKey('new', end));
    void source.get();
    await settled();
    expect(source.get()).toMatchObject({ accessKeyId: 'new' });
    expect(provider).toHaveBeenCalledTimes(1);
  });

  test('are replaced at once by those of a synchronous provider', async () => {
    const { provider, source } = await aboutToEnd();
    provider.mockImplementation((): never => accessKey('new', end + 3_600_000) as never);
    expect(source.get()).toMatchObject({ accessKeyId: 'new' });
  });

  test('are awaited after they expired, by joining a call in flight', async () => {
    const { provider, calls, source } = await aboutToEnd();
    vi.advanceTimersByTime(119_999);
    expect(source.get()).toMatchObject({ accessKeyId: 'old' });
    vi.advanceTimersByTime(1);
    const awaited = source.get();
    expect(awaited).toBeInstanceOf(Promise);
    expect(provider).toHaveBeenCalledTimes(1);
    calls[0]?.resolve(accessKey('new', end + 3_600_000));
    expect(await awaited).toMatchObject({ accessKeyId: 'new' });
  });

  test('are requested by a new call after they expired if the last call hangs', async () => {
    const { provider, calls, source } = await aboutToEnd();
    void source.get();
    vi.advanceTimersByTime(120_000);
    const awaited = source.get();
    expect(provider).toHaveBeenCalledTimes(2);
    calls[1]?.resolve(accessKey('new', end + 3_600_000));
    expect(await awaited).toMatchObject({ accessKeyId: 'new' });
  });
});

describe('a late result of an abandoned call', () => {
  beforeEach(() => {
    useFakeTimers({ now: 1_000_000 });
  });

  /** A source whose first call was abandoned, and whose second is in flight. */
  function afterGivingUp() {
    const { provider, calls } = manualProvider();
    const source = provided(provider);
    source.abandon(source.get() as Promise<never>);
    const second = source.get() as Promise<unknown>;
    return { provider, calls, source, second };
  }

  test.each([
    { scenario: 'with an expiration', late: accessKey('late', 1_000_000 + 3_600_000) },
    { scenario: 'without an expiration', late: accessKey('late') },
  ])('does not replace newer credentials by older ones $scenario', async ({ late }) => {
    const { provider, calls, source, second } = afterGivingUp();
    calls[1]?.resolve(accessKey('new', 1_000_000 + 7_200_000));
    await second;
    calls[0]?.resolve(late);
    await settled();
    expect(source.get()).toMatchObject({ accessKeyId: 'new' });
    expect(provider).toHaveBeenCalledTimes(2);
  });

  test('is not cached if newer credentials have no expiration', async () => {
    const { provider, calls, source, second } = afterGivingUp();
    calls[1]?.resolve(accessKey('new'));
    await second;
    calls[0]?.resolve(accessKey('late', 1_000_000 + 3_600_000));
    await settled();
    void source.get();
    expect(provider).toHaveBeenCalledTimes(3);
  });

  test('does not matter to the call in flight when the old one is abandoned again', () => {
    const { provider } = manualProvider();
    const source = provided(provider);
    const first = source.get() as Promise<never>;
    source.abandon(first);
    const second = source.get();

    source.abandon(first);

    expect(source.get()).toBe(second);
    expect(provider).toHaveBeenCalledTimes(2);
  });

  test('does not replace the call in flight', async () => {
    const { provider, calls, source, second } = afterGivingUp();
    calls[0]?.resolve(accessKey('late'));
    await settled();
    expect(source.get()).toBe(second);
    expect(provider).toHaveBeenCalledTimes(2);
  });

  test('is used if the newer call fails', async () => {
    const { calls, second } = afterGivingUp();
    calls[0]?.resolve(accessKey('late', 1_000_000 + 3_600_000));
    await settled();
    calls[1]?.reject(new Error('down'));
    expect(await second).toMatchObject({ accessKeyId: 'late' });
  });
});
