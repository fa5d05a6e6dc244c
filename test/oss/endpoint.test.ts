import { describe, expect, test } from 'vitest';
import { type Addressing, assertBucketName, locateBucket } from '../../src/oss/endpoint.js';
import { OssClient } from '../../src/oss/oss-client.js';
import { normaliseRegion, regionOfEndpoint } from '../../src/oss/region.js';

function locate(options: { endpoint?: string; internal?: boolean; addressing?: Addressing }) {
  const { endpoint, internal = false, addressing } = options;
  return locateBucket('test', {
    bucket: 'logs',
    region: 'cn-hangzhou',
    endpoint,
    internal,
    addressing,
  });
}

describe('locateBucket()', () => {
  test.each([
    { scenario: 'public', origin: 'https://logs.oss-cn-hangzhou.aliyuncs.com' },
    {
      scenario: 'internal',
      internal: true,
      origin: 'https://logs.oss-cn-hangzhou-internal.aliyuncs.com',
    },
    { scenario: 'bare host', endpoint: 'oss.example.com', origin: 'https://logs.oss.example.com' },
    {
      scenario: 'http',
      endpoint: 'http://oss.example.com',
      origin: 'http://logs.oss.example.com',
    },
    {
      scenario: 'capitals and a slash',
      endpoint: 'HTTPS://OSS.Example.com/',
      origin: 'https://logs.oss.example.com',
    },
    {
      scenario: 'a port',
      endpoint: 'http://oss.example.com:8080',
      origin: 'http://logs.oss.example.com:8080',
    },
    {
      scenario: 'the default port',
      endpoint: 'https://oss.example.com:443',
      origin: 'https://logs.oss.example.com',
    },
    {
      scenario: 'a domain bound to the bucket',
      endpoint: 'logs.example.com',
      addressing: 'cname' as const,
      origin: 'https://logs.example.com',
    },
    {
      scenario: 'localhost with addressing virtual',
      endpoint: 'http://localhost:9000',
      addressing: 'virtual' as const,
      origin: 'http://logs.localhost:9000',
    },
  ])('puts the bucket in the host: $scenario', ({ origin, ...options }) => {
    expect(locate(options)).toEqual({ origin, pathPrefix: '/' });
  });

  test.each([
    {
      scenario: 'IPv4',
      endpoint: 'http://127.0.0.1:9000',
      origin: 'http://127.0.0.1:9000',
    },
    { scenario: 'IPv6', endpoint: 'http://[::1]:9000', origin: 'http://[::1]:9000' },
    { scenario: 'IPv4 without scheme', endpoint: '10.0.0.1', origin: 'https://10.0.0.1' },
    { scenario: 'localhost', endpoint: 'localhost', origin: 'https://localhost' },
    {
      scenario: 'a host name with addressing path',
      endpoint: 'oss.example.com',
      addressing: 'path' as const,
      origin: 'https://oss.example.com',
    },
  ])('puts the bucket in the path: $scenario', ({ origin, ...options }) => {
    expect(locate(options)).toEqual({ origin, pathPrefix: '/logs/' });
  });

  test.each([
    'https://user:hunter2@example.com',
    'hunter2@example.com',
    'https://example.com/hunter2',
    'https://example.com//',
    'https://example.com?hunter2',
    'https://example.com#hunter2',
    'https://example.com\\@evil.com',
    'https://example.com%2eevil.com',
    ' https://example.com',
    'https://example.com ',
    'https://exa mple.com',
    'https://example.com\r\nHost: evil.com',
    'https://example.com\0',
    'https://example..com',
    'https://.example.com',
    'https://example.com.',
    'https://-example.com',
    'https://exämple.com',
    'ftp://example.com',
    'https:example.com',
    'https://',
    '',
    '::1',
    'http://[::1',
    'http://[127.0.0.1]',
    'http://[fe80::1%25eth0]',
    'http://127.1',
    'http://0x7f000001',
    'http://2130706433',
    'http://256.1.1.1',
    'http://example.com:',
    'http://example.com:80a',
    'http://example.com:123456',
    `https://${'a'.repeat(64)}.com`,
    `https://${'a.'.repeat(127)}com`,
  ])('refuses the endpoint %j', (endpoint) => {
    expect(() => locate({ endpoint })).toThrow(TypeError);
    expect(() => locate({ endpoint })).toThrow(/'endpoint' must be/);
  });

  test.each(['https://user:hunter2@example.com', 'u:hun/ter2@h', 'https://h.com?hunter2'])(
    'does not quote possible secrets of %j',
    (endpoint) => {
      expect(() => locate({ endpoint })).not.toThrow(/hun|ter2/);
    },
  );

  test.each(['http://example.com:0', 'http://example.com:65536'])(
    'refuses the port of %s',
    (endpoint) => {
      expect(() => locate({ endpoint })).toThrow(RangeError);
    },
  );

  test.each(['http://127.0.0.1', 'http://[::1]'])('refuses virtual with %s', (endpoint) => {
    expect(() => locate({ endpoint, addressing: 'virtual' })).toThrow(TypeError);
  });

  test('refuses cname without an endpoint', () => {
    expect(() => locate({ addressing: 'cname' })).toThrow(TypeError);
  });
});

describe('assertBucketName()', () => {
  test.each(['abc', 'a1-b2', '123', 'a_b', 'a'.repeat(63)])('accepts %s', (bucket) => {
    expect(() => assertBucketName('test', bucket)).not.toThrow();
  });

  test.each([
    'ab',
    'a'.repeat(64),
    'Abc',
    '-abc',
    'abc-',
    '_abc',
    'abc_',
    'a.b.c',
    'a/b',
    'a@b',
    'a:b',
    'a b',
    'abc\n',
    'evil.com/',
    '../abc',
    'a%2fb',
    'bücket',
    '',
  ])('refuses %j', (bucket) => {
    expect(() => assertBucketName('test', bucket)).toThrow(TypeError);
  });
});

describe('normaliseRegion()', () => {
  test.each([
    ['cn-hangzhou', 'cn-hangzhou'],
    ['oss-cn-hangzhou', 'cn-hangzhou'],
    ['us-east-1', 'us-east-1'],
  ])('%s is %s', (given, expected) => {
    expect(normaliseRegion('test', given)).toBe(expected);
  });

  test.each([
    '',
    'oss-',
    'CN',
    'a.b',
    'a/b',
    'a@b',
    'cn-',
    '-cn',
    'cn hangzhou',
    'cn\n',
    'a'.repeat(50),
  ])('refuses %j', (region) => {
    expect(() => normaliseRegion('test', region)).toThrow(TypeError);
  });
});

describe('regionOfEndpoint()', () => {
  test.each([
    ['oss-cn-hangzhou.aliyuncs.com', 'cn-hangzhou'],
    ['https://oss-cn-hangzhou-internal.aliyuncs.com', 'cn-hangzhou'],
    ['cn-hangzhou.oss.aliyuncs.com', 'cn-hangzhou'],
    ['oss-accelerate.aliyuncs.com', undefined],
    ['oss-accelerate-overseas.aliyuncs.com', undefined],
    ['oss-cn-hangzhou.aliyuncs.com.evil.com', undefined],
    ['http://127.0.0.1:9000', undefined],
    ['logs.example.com', undefined],
  ])('of %s is %s', (endpoint, expected) => {
    expect(regionOfEndpoint('test', endpoint)).toBe(expected);
  });
});

test('an endpoint that begins with the bucket is refused, and the message says which one to pass', () => {
  const options = { bucket: 'logs', region: 'cn-hangzhou' };

  expect(
    () => new OssClient({ ...options, endpoint: 'logs.oss-cn-hangzhou.aliyuncs.com' }),
  ).toThrow('pass "oss-cn-hangzhou.aliyuncs.com"');
});

test.each([
  { addressing: 'cname', endpoint: 'logs.example.com' },
  { addressing: 'path', endpoint: 'logs.oss-cn-hangzhou.aliyuncs.com' },
] as const)('an endpoint that begins like the bucket is accepted with $addressing', (options) => {
  expect(() => new OssClient({ bucket: 'logs', region: 'cn-hangzhou', ...options })).not.toThrow();
});

test.each(['oss-cn-hangzhou-internal', 'cn-hangzhou-internal'])(
  'the region %s is refused, and the message names the option to use',
  (region) => {
    expect(() => new OssClient({ bucket: 'logs', region })).toThrow(
      'pass internal: true and the region "cn-hangzhou"',
    );
  },
);

test.each([
  { bucket: 'oss', endpoint: 'oss.example.co.uk' },
  { bucket: 'cn-hangzhou', endpoint: 'cn-hangzhou.oss.aliyuncs.com' },
  { bucket: 'oss-cn-hangzhou', endpoint: 'oss-cn-hangzhou.aliyuncs.com' },
])('bucket $bucket may be named like the first label of $endpoint', (options) => {
  expect(() => new OssClient({ region: 'cn-hangzhou', ...options })).not.toThrow();
});
