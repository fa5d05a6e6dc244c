import { inspect } from 'node:util';
import { Agent } from 'undici';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { resolveClientOptions } from '../../src/oss/client-options.js';
import { OssClient, type OssClientOptions } from '../../src/oss/oss-client.js';

const credentials = { accessKeyId: 'key-id', accessKeySecret: 'hunter2', securityToken: 'token7' };

beforeEach(() => {
  vi.stubEnv('OSS_REGION', undefined);
  vi.stubEnv('OSS_ENDPOINT', undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

function resolve(options: Partial<OssClientOptions>) {
  const { region, location, requestTimeout } = resolveClientOptions('create OssClient', {
    bucket: 'logs',
    ...options,
  });
  return { region, origin: location.origin, requestTimeout };
}

describe('resolveClientOptions()', () => {
  test('fills in defaults for absent and undefined options', () => {
    const expected = {
      region: 'cn-hangzhou',
      origin: 'https://logs.oss-cn-hangzhou.aliyuncs.com',
      requestTimeout: 60_000,
    };
    expect(resolve({ region: 'oss-cn-hangzhou' })).toEqual(expected);
    expect(
      resolve({
        region: 'cn-hangzhou',
        endpoint: undefined,
        internal: undefined,
        addressing: undefined,
        credentials: undefined,
        dispatcher: undefined,
        proxy: undefined,
        requestTimeout: undefined,
      }),
    ).toEqual(expected);
  });

  test.each([
    {
      scenario: 'region and endpoint from the environment',
      environment: { OSS_REGION: 'cn-beijing', OSS_ENDPOINT: 'http://127.0.0.1:1' },
      options: {},
      expected: { region: 'cn-beijing', origin: 'http://127.0.0.1:1' },
    },
    {
      scenario: 'options rather than the environment',
      environment: { OSS_REGION: 'cn-beijing', OSS_ENDPOINT: 'http://127.0.0.1:1' },
      options: { region: 'cn-hangzhou', endpoint: 'http://127.0.0.1:2' },
      expected: { region: 'cn-hangzhou', origin: 'http://127.0.0.1:2' },
    },
    {
      scenario: 'the region of a standard endpoint',
      environment: {},
      options: { endpoint: 'oss-cn-shanghai.aliyuncs.com' },
      expected: { region: 'cn-shanghai', origin: 'https://logs.oss-cn-shanghai.aliyuncs.com' },
    },
    {
      scenario: 'the region of an endpoint option rather than that of the environment',
      environment: { OSS_REGION: 'cn-beijing' },
      options: { endpoint: 'oss-cn-shanghai.aliyuncs.com' },
      expected: { region: 'cn-shanghai', origin: 'https://logs.oss-cn-shanghai.aliyuncs.com' },
    },
    {
      scenario: 'the region of an endpoint in the environment',
      environment: { OSS_ENDPOINT: 'oss-cn-shanghai-internal.aliyuncs.com' },
      options: {},
      expected: {
        region: 'cn-shanghai',
        origin: 'https://logs.oss-cn-shanghai-internal.aliyuncs.com',
      },
    },
    {
      scenario: 'empty variables as absent',
      environment: { OSS_REGION: '', OSS_ENDPOINT: '' },
      options: { region: 'cn-hangzhou' },
      expected: { region: 'cn-hangzhou', origin: 'https://logs.oss-cn-hangzhou.aliyuncs.com' },
    },
  ])('takes $scenario', ({ environment, options, expected }) => {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    expect(resolve(options)).toMatchObject(expected);
  });

  test.each([
    { scenario: 'no region', options: { endpoint: 'logs.example.com' } },
    {
      scenario: 'an accelerated endpoint without region',
      options: { endpoint: 'oss-accelerate.aliyuncs.com' },
    },
    { scenario: 'no options', options: undefined, bare: true },
    { scenario: 'a number as bucket', options: { region: 'cn', bucket: 5 } },
    { scenario: 'a missing bucket', options: { region: 'cn', bucket: undefined } },
    { scenario: 'a hostile bucket', options: { region: 'cn', bucket: 'evil.com/' } },
    { scenario: 'a hostile region', options: { region: 'evil.com/' } },
    { scenario: 'null as region', options: { region: null } },
    {
      scenario: 'a URL object as endpoint',
      options: { region: 'cn', endpoint: new URL('http://h') },
    },
    { scenario: 'an empty endpoint', options: { region: 'cn', endpoint: '' } },
    { scenario: 'a string as internal', options: { region: 'cn', internal: 'yes' } },
    {
      scenario: 'internal with an endpoint',
      options: { region: 'cn', internal: true, endpoint: 'h' },
    },
    { scenario: 'unknown addressing', options: { region: 'cn', addressing: 'host' } },
    { scenario: 'a dispatcher without dispatch()', options: { region: 'cn', dispatcher: {} } },
    { scenario: 'null as dispatcher', options: { region: 'cn', dispatcher: null } },
    {
      scenario: 'a proxy together with a dispatcher',
      options: { region: 'cn', proxy: 'http://user:hunter2@proxy', dispatcher: new Agent() },
    },
    {
      scenario: "'environment' together with a dispatcher",
      options: { region: 'cn', proxy: 'environment', dispatcher: new Agent() },
    },
    {
      scenario: 'a proxy with another scheme',
      options: { region: 'cn', proxy: 'ftp://user:hunter2@proxy' },
    },
    { scenario: 'a string as credentials', options: { region: 'cn', credentials: 'hunter2' } },
    {
      scenario: 'credentials without secret',
      options: { region: 'cn', credentials: { accessKeyId: 'a' } },
    },
    {
      scenario: 'a secret with a line break',
      options: { region: 'cn', credentials: { accessKeyId: 'a', accessKeySecret: 'hunter2\n' } },
    },
    {
      scenario: 'an access key outside of credentials',
      options: { region: 'cn', accessKeyId: 'hunter2', accessKeySecret: 'hunter2' },
    },
    {
      scenario: 'a token outside of credentials',
      options: { region: 'cn', credentials, stsToken: 'hunter2' },
    },
    {
      scenario: 'credentials with a token by the name of another SDK',
      options: {
        region: 'cn',
        credentials: { accessKeyId: 'a', accessKeySecret: 'b', stsToken: 'hunter2' },
      },
    },
    { scenario: 'a string as timeout', options: { region: 'cn', requestTimeout: '5' } },
  ])('refuses $scenario', ({ options, bare }) => {
    const given = (bare ? options : { bucket: 'logs', ...options }) as OssClientOptions;
    expect(() => new OssClient(given)).toThrow(TypeError);
    expect(() => new OssClient(given)).toThrow(/^Cannot create OssClient as/);
    expect(() => new OssClient(given)).not.toThrow(/hunter2/);
  });

  test.each([0, -1, 0.5, 2 ** 31, Number.NaN, Number.POSITIVE_INFINITY])(
    'refuses %d as requestTimeout',
    (requestTimeout) => {
      expect(() => resolve({ region: 'cn', requestTimeout })).toThrow(RangeError);
    },
  );

  test.each([1, 2 ** 31 - 1])('accepts %d as requestTimeout', (requestTimeout) => {
    expect(resolve({ region: 'cn', requestTimeout })).toMatchObject({ requestTimeout });
  });
});

test('OssClient shows no secret when it is inspected or serialised', () => {
  const proxy = 'http://user:hunter2@proxy';
  const client = new OssClient({ bucket: 'logs', region: 'cn-hangzhou', credentials, proxy });
  const shown = inspect(client, { depth: null, showHidden: true }) + JSON.stringify(client);
  expect(shown).not.toMatch(/hunter2|token7|key-id/);
});
