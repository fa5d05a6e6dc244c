import { describe, expect, test } from 'vitest';
import { assertObjectKey } from '../../../src/oss/request/object-key.js';
import { encodeObjectKey, percentEncode } from '../../../src/oss/request/percent-encode.js';

describe('assertObjectKey()', () => {
  test.each([
    { scenario: 'one byte', key: 'a' },
    { scenario: '1023 bytes', key: 'a'.repeat(1023) },
    { scenario: '1023 bytes in 341 characters', key: '日'.repeat(341) },
    { scenario: 'a slash inside and at the end', key: 'a//b/' },
    { scenario: 'a backslash inside', key: 'a\\b' },
    { scenario: 'dots', key: '..' },
    { scenario: 'a surrogate pair', key: '😀' },
  ])('accepts $scenario', ({ key }) => {
    expect(() => assertObjectKey(key)).not.toThrow();
  });

  test.each([
    { scenario: 'the empty key', key: '', error: RangeError },
    { scenario: '1024 bytes', key: 'a'.repeat(1024), error: RangeError },
    { scenario: '1026 bytes in 342 characters', key: '日'.repeat(342), error: RangeError },
    { scenario: 'a slash at the start', key: '/a', error: TypeError },
    { scenario: 'a backslash at the start', key: '\\a', error: TypeError },
    { scenario: 'a lone high surrogate', key: 'a\ud83d', error: TypeError },
    { scenario: 'a lone low surrogate', key: '\ude00a', error: TypeError },
    { scenario: 'a number', key: 5 as unknown as string, error: TypeError },
    { scenario: 'nothing', key: undefined as unknown as string, error: TypeError },
  ])('refuses $scenario', ({ key, error }) => {
    expect(() => assertObjectKey(key)).toThrow(error);
  });
});

describe('encodeObjectKey()', () => {
  test.each([
    { scenario: 'unreserved characters', key: 'aZ09-._~', expected: 'aZ09-._~' },
    { scenario: 'slashes', key: 'a//b/', expected: 'a//b/' },
    { scenario: 'spaces and pluses', key: 'a b+c', expected: 'a%20b%2Bc' },
    { scenario: 'URL syntax', key: 'a?b#c%2F&d=e', expected: 'a%3Fb%23c%252F%26d%3De' },
    {
      scenario: 'characters that encodeURIComponent leaves',
      key: "!'()*",
      expected: '%21%27%28%29%2A',
    },
    { scenario: 'dot segments', key: 'a/../b/./c', expected: 'a/../b/./c' },
    { scenario: 'Unicode', key: 'é😀', expected: '%C3%A9%F0%9F%98%80' },
    { scenario: 'control characters', key: 'a\r\nb\0', expected: 'a%0D%0Ab%00' },
  ])('encodes $scenario', ({ key, expected }) => {
    expect(encodeObjectKey(key)).toBe(expected);
  });
});

test('percentEncode() encodes slashes', () => {
  expect(percentEncode('a/b')).toBe('a%2Fb');
});
