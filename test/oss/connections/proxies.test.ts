import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { proxyAddress, resolveProxies } from '../../../src/oss/connections/proxies.js';

const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'];

beforeEach(() => {
  for (const name of names) {
    vi.stubEnv(name, undefined);
    vi.stubEnv(name.toLowerCase(), undefined);
  }
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe('resolveProxies()', () => {
  test.each([
    'http://proxy.example.com:3128',
    'https://proxy.example.com/',
    'http://user:p%40ss@[::1]:3128',
  ])('accepts %s, and ignores the environment', (url) => {
    vi.stubEnv('HTTP_PROXY', 'http://other:1');
    vi.stubEnv('NO_PROXY', '*');

    expect(resolveProxies('create OssClient', url)).toEqual({ http: url, https: url, none: '' });
  });

  test('returns no proxy without the option', () => {
    vi.stubEnv('HTTP_PROXY', 'http://other:1');

    expect(resolveProxies('create OssClient', undefined)).toBeUndefined();
  });

  test.each([
    { environment: {}, expected: undefined },
    { environment: { NO_PROXY: 'a' }, expected: undefined },
    { environment: { HTTP_PROXY: '', HTTPS_PROXY: ' ' }, expected: undefined },
    {
      environment: { HTTP_PROXY: 'http://a:1', HTTPS_PROXY: 'http://b:2', NO_PROXY: 'c' },
      expected: { http: 'http://a:1', https: 'http://b:2', none: 'c' },
    },
    {
      environment: { http_proxy: 'http://a:1', https_proxy: 'http://b:2', no_proxy: 'c' },
      expected: { http: 'http://a:1', https: 'http://b:2', none: 'c' },
    },
    {
      environment: { HTTPS_PROXY: 'http://upper:1', https_proxy: 'http://lower:1' },
      expected: { http: '', https: 'http://lower:1', none: '' },
    },
    {
      environment: { HTTPS_PROXY: 'http://upper:1', https_proxy: '' },
      expected: undefined,
    },
    {
      environment: { HTTPS_PROXY: '10.0.0.1:3128', HTTP_PROXY: 'user:pass@proxy:3128' },
      expected: { http: 'http://user:pass@proxy:3128', https: 'http://10.0.0.1:3128', none: '' },
    },
  ])('reads $environment', ({ environment, expected }) => {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);

    expect(resolveProxies('create OssClient', 'environment')).toEqual(expected);
  });

  test.each([
    ['a number', 5, /'proxy' must be a string: its type is number$/],
    ['null', null, /its type is null$/],
    ['a URL object', new URL('http://hunter2@proxy'), /its type is object$/],
    ['another string', 'env', /'environment' or an http: or https: URL: it is not a URL$/],
    ['an empty string', '', /it is not a URL$/],
    ['a host without a scheme', '10.0.0.1:3128', /it is not a URL$/],
    ['SOCKS', 'socks5://user:hunter2@proxy', /it begins with 'socks5:'$/],
    ['a path', 'http://proxy:3128/a', /nothing may follow its host and port, proxy:3128$/],
    ['a query', 'http://proxy/?a', /nothing may follow its host and port, proxy:80$/],
    ['a password with a slash', 'http://user:12/hunter2@proxy', /must be percent-encoded$/],
    ['a password with a hash', 'http://user:1#hunter2@proxy', /must be percent-encoded$/],
    ['a port out of range', 'http://user:hunter2@proxy:99999', /it is not a URL$/],
    [
      'a URL without password',
      'http://hunter2@proxy:1',
      /both a user and a password.+ for proxy:1$/,
    ],
    ['a URL without user', 'https://:hunter2@proxy', /both a user and a password.+ for proxy:443$/],
    [
      'a password that is not UTF-8',
      'http://user:%FFhunter2@proxy:1',
      /for proxy:1 must be percent-encoded UTF-8$/,
    ],
  ])('refuses %s without quoting a password', (_what, proxy, message) => {
    expect(() => resolveProxies('create OssClient', proxy)).toThrow(TypeError);
    expect(() => resolveProxies('create OssClient', proxy)).toThrow(message);
    expect(() => resolveProxies('create OssClient', proxy)).not.toThrow(/hunter2/);
  });

  test.each(['HTTP_PROXY', 'https_proxy'])(
    'names %s in the error if its value is invalid',
    (name) => {
      vi.stubEnv(name, 'socks5://user:hunter2@proxy');
      const message = `Cannot create OssClient as '${name}' must be an http: or https: URL: it begins with 'socks5:'`;

      expect(() => resolveProxies('create OssClient', 'environment')).toThrow(
        new TypeError(message),
      );
    },
  );
});

test.each([
  ['http://user:pass@proxy', 'proxy:80'],
  ['https://proxy', 'proxy:443'],
  ['http://[::1]:3128/', '[::1]:3128'],
])('proxyAddress() of %s is %s', (url, address) => {
  expect(proxyAddress(new URL(url))).toBe(address);
});
