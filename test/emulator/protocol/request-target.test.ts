import { describe, expect, test } from 'vitest';
import { startEmulator } from '../../../src/emulator/index.js';
import { locateTarget } from '../../../src/emulator/protocol/request-target.js';
import { append, element, send } from '../signed-request.js';

const awkwardKeys = [
  'a b',
  'a+b',
  'a%b',
  'a%2Fb',
  'what?',
  'c#',
  'a&b=c',
  '.',
  '..',
  '../../etc/passwd',
  'a/./b',
  'a/../b',
  'a//b',
  'a/',
  'a\\b',
  'été/世界/😀',
  "!'()*~",
  'a:b|"c"<d>',
  'line\nbreak\u0000nul',
  'constructor',
  '__proto__',
  'object.json',
  'k'.repeat(1023),
  '世'.repeat(341),
];

describe('a key', () => {
  test.each(awkwardKeys)('%j is read unchanged in path and virtual-host style', async (key) => {
    await using emulator = await startEmulator();

    const inPath = await append(emulator, key, 0, 'in path ');
    const inHost = await append(emulator, key, 8, 'in host', {
      host: 'examplebucket.oss-cn-hangzhou.aliyuncs.com',
    });

    expect([inPath.status, inHost.status]).toEqual([200, 200]);
    expect(String(await emulator.read('examplebucket', key))).toBe('in path in host');
    expect(emulator.requests.map((request) => request.key)).toEqual([key, key]);
  });

  test.each([
    { scenario: 'of 1024 bytes', key: 'k'.repeat(1024), ec: '0016-00000003' },
    { scenario: 'of 1026 bytes in fewer characters', key: '世'.repeat(342), ec: '0016-00000003' },
    { scenario: 'that begins with a slash', key: '/a', ec: '0016-00000005' },
    { scenario: 'that begins with a backslash', key: '\\a', ec: '0016-00000005' },
  ])('$scenario is refused', async ({ key, ec }) => {
    await using emulator = await startEmulator();

    const response = await append(emulator, key, 0, 'x');

    expect(response.status).toBe(400);
    expect(element(response, 'Code')).toBe('InvalidObjectName');
    expect(response.headers['x-oss-ec']).toBe(ec);
  });

  test.each([
    { scenario: 'a malformed percent-encoding', path: '/examplebucket/a%2', code: 'InvalidURI' },
    { scenario: 'a single percent sign', path: '/examplebucket/100%', code: 'InvalidURI' },
    { scenario: 'no UTF-8', path: '/examplebucket/%FF', code: 'InvalidArgument' },
    { scenario: 'a malformed query', path: '/examplebucket/a?b=%', code: 'InvalidURI' },
  ])('with $scenario is refused', async ({ path, code }) => {
    await using emulator = await startEmulator();

    const response = await send(emulator, { path });

    expect(response.status).toBe(400);
    expect(element(response, 'Code')).toBe(code);
  });
});

describe('locateTarget()', () => {
  test.each([
    { hostId: '127.0.0.1:80', target: '/b-1/k', bucket: 'b-1', key: 'k' },
    { hostId: '[::1]:80', target: '/b-1/k', bucket: 'b-1', key: 'k' },
    { hostId: 'localhost:80', target: '/b-1/k', bucket: 'b-1', key: 'k' },
    { hostId: '', target: '/b-1/k', bucket: 'b-1', key: 'k' },
    { hostId: 'emulator.example', target: '/b-1/k', bucket: 'b-1', key: 'k' },
    { hostId: 'oss-cn-hangzhou.aliyuncs.com', target: '/b-1/k', bucket: 'b-1', key: 'k' },
    { hostId: 'oss-cn-hangzhou-internal.aliyuncs.com', target: '/b-1/k', bucket: 'b-1', key: 'k' },
    { hostId: 'b-1.oss-cn-hangzhou.aliyuncs.com', target: '/k/l', bucket: 'b-1', key: 'k/l' },
    { hostId: 'b-1.localhost:80', target: '/k', bucket: 'b-1', key: 'k' },
    { hostId: 'B-1.LOCALHOST', target: '/k', bucket: 'b-1', key: 'k' },
    { hostId: 'b-1.127.0.0.1:80', target: '/k', bucket: 'b-1', key: 'k' },
    { hostId: 'b-1.localhost', target: '/', bucket: 'b-1', key: undefined },
    { hostId: 'b-1.localhost', target: '?acl', bucket: 'b-1', key: undefined },
    { hostId: 'localhost', target: '/', bucket: undefined, key: undefined },
    { hostId: 'localhost', target: '/b-1', bucket: 'b-1', key: undefined },
    { hostId: 'localhost', target: '/b-1/', bucket: 'b-1', key: undefined },
    { hostId: 'localhost', target: '/b-1//k', bucket: 'b-1', key: '/k' },
    { hostId: 'localhost', target: '//', bucket: undefined, key: undefined },
    { hostId: 'localhost', target: '//k', bucket: '', key: 'k' },
    { hostId: 'localhost', target: 'http://proxy.test/b-1/k', bucket: 'b-1', key: 'k' },
    { hostId: 'localhost', target: '/b-1/%E4%B8%96', bucket: 'b-1', key: '世' },
    { hostId: 'localhost', target: '/b-1/\u00e4\u00b8\u0096', bucket: 'b-1', key: '世' },
    { hostId: 'localhost', target: '/b-1/a+b', bucket: 'b-1', key: 'a b' },
    { hostId: 'localhost', target: '/b-1/a%2Bb', bucket: 'b-1', key: 'a+b' },
    { hostId: 'cn-hangzhou.oss.aliyuncs.com', target: '/b-1/k', bucket: 'b-1', key: 'k' },
    { hostId: 'us-east-1.oss.aliyuncs.com', target: '/b-1/k', bucket: 'b-1', key: 'k' },
    { hostId: 'b-1.cn-hangzhou.oss.aliyuncs.com', target: '/k', bucket: 'b-1', key: 'k' },
    { hostId: 'oss-accelerate.aliyuncs.com', target: '/b-1/k', bucket: 'b-1', key: 'k' },
  ])(
    'finds bucket $bucket and key $key in $target for the host "$hostId"',
    ({ hostId, target, bucket, key }) => {
      const found = locateTarget(target, { hostId, ownHost: 'emulator.example' });

      expect({ bucket: found.bucket, key: found.key }).toEqual({ bucket, key });
    },
  );

  test('decodes the query and keeps its order and duplicates', () => {
    const { query } = locateTarget('/b-1?b=2&a&a=&c%20d=e+f%2B&b=1&&=x', {
      hostId: '',
      ownHost: '',
    });

    expect(query).toEqual([
      ['b', '2'],
      ['a', ''],
      ['a', ''],
      ['c d', 'e f+'],
      ['b', '1'],
      ['', 'x'],
    ]);
  });

  test('refuses a target that is not a path', () => {
    expect(() => locateTarget('*', { hostId: '', ownHost: '' })).toThrow('Could not parse');
  });
});
