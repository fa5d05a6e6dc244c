import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CredentialsError } from '../../../src/errors.js';
import { credentialsSource } from '../../../src/oss/credentials/credentials-source.js';
import { ServiceClock } from '../../../src/oss/signing/service-clock.js';

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
});

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
  test('reads the variables for each call', () => {
    const source = credentialsSource('test', undefined, new ServiceClock());
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
    const source = credentialsSource('test', undefined, new ServiceClock());
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
  ])('fails with fatal for $scenario', async ({ environment }) => {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    const error = await failure(() =>
      credentialsSource('test', undefined, new ServiceClock()).get(),
    );
    expect(error.outcome).toBe('fatal');
  });
});

test('credentialsSource() of an object ignores later changes to it', () => {
  const given = { accessKeyId: 'a', accessKeySecret: 'b', securityToken: '' };
  const source = credentialsSource('test', given, new ServiceClock());
  given.accessKeyId = 'changed';
  expect(source.get()).toEqual({ accessKeyId: 'a', accessKeySecret: 'b' });
  expect(source.renew).toBeUndefined();
});
