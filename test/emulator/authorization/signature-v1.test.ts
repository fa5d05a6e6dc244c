import { describe, expect, test } from 'vitest';
import { signV1 } from '../../../src/emulator/authorization/signature-v1.js';

const date = 'Wed, 28 Dec 2022 10:27:41 GMT';
const nothing = { query: [], headers: new Map<string, string>() };
const get = { method: 'GET', ...nothing, date };

describe('signV1()', () => {
  test.each([
    { scenario: 'the service', bucket: undefined, key: undefined, resource: '/' },
    { scenario: 'a bucket', bucket: 'b', key: undefined, resource: '/b/' },
    { scenario: 'a key, unencoded', bucket: 'b', key: 'a b/+é%', resource: '/b/a b/+é%' },
  ])('names $scenario', ({ bucket, key, resource }) => {
    const { stringToSign } = signV1({ ...get, bucket, key }, 'sk');

    expect(stringToSign).toBe(`GET\n\n\n${date}\n${resource}`);
  });

  test('signs a key as UTF-8', () => {
    const { signature } = signV1({ ...get, bucket: 'b', key: 'é 日志' }, 'sk');

    expect(signature).toBe('NN5dabBpr+o9xlf9FaVY0vYmp6M=');
  });

  test('signs the original bytes of header values', () => {
    // The last byte of "à" alone would be a space that does not break.
    const headers = new Map([['x-oss-meta-name', Buffer.from('éà').toString('latin1')]]);

    const { stringToSign } = signV1({ ...get, bucket: 'b', key: 'k', headers }, 'sk');

    expect(stringToSign).toContain('x-oss-meta-name:éà\n');
  });

  test('signs only the headers of OSS, sorted by name', () => {
    const headers = new Map([
      ['x-oss-meta-b', 'two'],
      ['range', 'bytes=0-'],
      ['content-type', 'text/plain'],
      ['x-oss-meta-a', '1'],
      ['content-md5', 'md5=='],
    ]);

    const { stringToSign } = signV1({ ...get, bucket: 'b', key: 'k', headers }, 'sk');

    expect(stringToSign).toBe(
      `GET\nmd5==\ntext/plain\n${date}\nx-oss-meta-a:1\nx-oss-meta-b:two\n/b/k`,
    );
  });

  test('signs only subresources, decoded and sorted by name', () => {
    const query = [
      ['position', '7'],
      ['prefix', 'p'],
      ['response-content-type', 'a b'],
      ['callback-var', 'v'],
      ['callback', 'c'],
      ['x-oss-process', 'style/x'],
      ['append', ''],
      ['list-type', '2'],
    ] as const;

    const { stringToSign } = signV1({ ...get, bucket: 'b', key: 'k', query }, 'sk');

    expect(stringToSign.split('\n').at(-1)).toBe(
      '/b/k?append&callback=c&callback-var=v&position=7&response-content-type=a b&x-oss-process=style/x',
    );
  });
});
