import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CredentialsError } from '../../src/errors.js';
import type { ProvidedAccessKey } from '../../src/oss/credentials.js';
import { credentialsSource } from '../../src/oss/credentials-source.js';
import { ProvidedCredentials } from '../../src/oss/provided-credentials.js';
import { useFakeTimers, useRealTimers } from '../helpers/fake-timers.js';

const names = [
  'OSS_ACCESS_KEY_ID',
  'OSS_ACCESS_KEY_SECRET',
  'OSS_SESSION_TOKEN',
  'ALIBABA_CLOUD_ACCESS_KEY_ID',
  'ALIBABA_CLOUD_ACCESS_KEY_SECRET',
  'ALIBABA_CLOUD_SECURITY_TOKEN',
];

beforeEach(() => {
  for (const name of names) vi.stubEnv(name, undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  useRealTimers();
});

function accessKey(accessKeyId: string, expiration?: ProvidedAccessKey['expiration']) {
  return { accessKeyId, accessKeySecret: 'hunter2', expiration };
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

describe('credentialsSource() of the environment', () => {
  test('reads it for each call', () => {
    const source = credentialsSource(undefined);
    vi.stubEnv('OSS_ACCESS_KEY_ID', 'first');
    vi.stubEnv('OSS_ACCESS_KEY_SECRET', 'hunter2');
    expect(source.get()).toEqual({ accessKeyId: 'first', accessKeySecret: 'hunter2' });
    vi.stubEnv('OSS_ACCESS_KEY_ID', 'second');
    vi.stubEnv('OSS_SESSION_TOKEN', 'token');
    expect(source.get()).toEqual({
      accessKeyId: 'second',
      accessKeySecret: 'hunter2',
      securityToken: 'token',
    });
  });

  test('prefers OSS_* as a whole and falls back to ALIBABA_CLOUD_*', () => {
    const source = credentialsSource(undefined);
    vi.stubEnv('OSS_ACCESS_KEY_ID', 'half');
    vi.stubEnv('OSS_SESSION_TOKEN', 'half');
    vi.stubEnv('ALIBABA_CLOUD_ACCESS_KEY_ID', 'whole');
    vi.stubEnv('ALIBABA_CLOUD_ACCESS_KEY_SECRET', 'hunter2');
    vi.stubEnv('ALIBABA_CLOUD_SECURITY_TOKEN', 'token');
    expect(source.get()).toEqual({
      accessKeyId: 'whole',
      accessKeySecret: 'hunter2',
      securityToken: 'token',
    });
    vi.stubEnv('OSS_ACCESS_KEY_SECRET', 'hunter2');
    expect(source.get()).toMatchObject({ accessKeyId: 'half', securityToken: 'half' });
  });

  test.each([
    { scenario: 'nothing', environment: {} },
    {
      scenario: 'empty variables',
      environment: { OSS_ACCESS_KEY_ID: '', OSS_ACCESS_KEY_SECRET: '' },
    },
    {
      scenario: 'a secret with a line break',
      environment: { OSS_ACCESS_KEY_ID: 'a', OSS_ACCESS_KEY_SECRET: 'hunter2\n' },
    },
  ])('fails for good with $scenario', async ({ environment }) => {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    const error = await failure(() => credentialsSource(undefined).get());
    expect(error.outcome).toBe('fatal');
  });
});

test('credentialsSource() of an object does not notice later changes to it', () => {
  const given = { accessKeyId: 'a', accessKeySecret: 'b', securityToken: '' };
  const source = credentialsSource(given);
  given.accessKeyId = 'changed';
  expect(source.get()).toEqual({ accessKeyId: 'a', accessKeySecret: 'b' });
  expect(source.renew).toBeUndefined();
});

describe('ProvidedCredentials', () => {
  test('asks for every request when there is no expiration', () => {
    const provider = vi.fn(() => accessKey('a'));
    const source = new ProvidedCredentials(provider);
    expect(source.get()).toMatchObject({ accessKeyId: 'a' });
    void source.get();
    expect(provider).toHaveBeenCalledTimes(2);
  });

  test.each([
    { scenario: 'a Date', convert: (time: number) => new Date(time) },
    { scenario: 'an ISO string', convert: (time: number) => new Date(time).toISOString() },
    { scenario: 'milliseconds', convert: (time: number) => time },
  ])('keeps them until two minutes before an expiration given as $scenario', ({ convert }) => {
    useFakeTimers({ now: 1_000_000 });
    const provider = vi.fn(() => accessKey('a', convert(1_000_000 + 180_000)));
    const source = new ProvidedCredentials(provider);
    void source.get();
    vi.setSystemTime(1_000_000 + 59_999);
    void source.get();
    expect(provider).toHaveBeenCalledTimes(1);
    vi.setSystemTime(1_000_000 + 60_000);
    void source.get();
    expect(provider).toHaveBeenCalledTimes(2);
  });

  test('shares one call between those who ask meanwhile', async () => {
    let resolve: (value: ProvidedAccessKey) => void = () => {};
    const provider = vi.fn(
      () =>
        new Promise<ProvidedAccessKey>((fulfil) => {
          resolve = fulfil;
        }),
    );
    const source = new ProvidedCredentials(provider);
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

  test('is used at once when cached', async () => {
    const source = new ProvidedCredentials(async () => accessKey('a', Date.now() + 3_600_000));
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
  ])('fails for good when a provider that never worked $scenario', async ({ provider }) => {
    const error = await failure(() => new ProvidedCredentials(provider).get());
    expect(error.outcome).toBe('fatal');
    expect(error.cause).toEqual(new Error('down'));
  });

  test('may work again when a provider that worked before fails', async () => {
    const provider = vi.fn(async () => accessKey('a'));
    const source = new ProvidedCredentials(provider);
    await source.get();
    provider.mockRejectedValueOnce(new Error('down'));
    expect((await failure(() => source.get())).outcome).toBe('rejected');
    expect(await source.get()).toMatchObject({ accessKeyId: 'a' });
  });

  test('uses the cached ones while they last when asking again fails', async () => {
    useFakeTimers({ now: 1_000_000 });
    const provider = vi.fn(async () => accessKey('a', 1_000_000 + 180_000));
    const source = new ProvidedCredentials(provider);
    await source.get();
    provider.mockRejectedValue(new Error('down'));
    vi.setSystemTime(1_000_000 + 179_999);
    expect(await source.get()).toMatchObject({ accessKeyId: 'a' });
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
  ])('refuses $scenario for good, also after it worked', async ({ value }) => {
    const provider = vi.fn((): unknown => accessKey('a'));
    const source = new ProvidedCredentials(provider as () => ProvidedAccessKey);
    void source.get();
    provider.mockReturnValueOnce(value);
    expect((await failure(() => source.get())).outcome).toBe('fatal');
    provider.mockReturnValueOnce(Promise.resolve(value));
    expect((await failure(() => source.get())).outcome).toBe('fatal');
  });

  test('renew() forgets what was refused, and only that', async () => {
    let count = 0;
    const source = new ProvidedCredentials(() => accessKey(`${++count}`, Date.now() + 3_600_000));
    const first = await source.get();
    const second = await source.renew(first);
    expect(second).toMatchObject({ accessKeyId: '2' });
    expect(await source.renew(first)).toBe(second);
  });

  test('abandon() makes the next call ask again, and late answers are still good', async () => {
    const resolvers: ((value: ProvidedAccessKey) => void)[] = [];
    const provider = vi.fn(
      () => new Promise<ProvidedAccessKey>((resolve) => resolvers.push(resolve)),
    );
    const source = new ProvidedCredentials(provider);
    const hanging = source.get() as Promise<never>;
    expect(source.abandon(hanging)).toMatchObject({ outcome: 'fatal' });
    void source.get();
    expect(provider).toHaveBeenCalledTimes(2);
    resolvers[0]?.(accessKey('late', Date.now() + 3_600_000));
    await hanging;
    expect(source.get()).toMatchObject({ accessKeyId: 'late' });
  });

  test('a call that was abandoned leaves a newer one alone, when it ends and when it is abandoned again', async () => {
    const resolvers: ((value: ProvidedAccessKey) => void)[] = [];
    const provider = vi.fn(
      () => new Promise<ProvidedAccessKey>((resolve) => resolvers.push(resolve)),
    );
    const source = new ProvidedCredentials(provider);
    const abandoned = source.get() as Promise<never>;
    source.abandon(abandoned);
    const newer = source.get();
    source.abandon(abandoned);
    expect(source.get()).toBe(newer);
    // Without an expiration it is not kept: whoever asks next waits for the newer call.
    resolvers[0]?.(accessKey('late'));
    await abandoned;
    await new Promise((resolve) => setImmediate(resolve));

    expect(source.get()).toBe(newer);
    expect(provider).toHaveBeenCalledTimes(2);
    resolvers[1]?.(accessKey('newer'));
    expect(await newer).toMatchObject({ accessKeyId: 'newer' });
  });
});
