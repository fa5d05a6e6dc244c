import { describe, expect, test } from 'vitest';
import { parseDelimiter } from '../../../src/cli/flags/delimiter.js';

describe('parseDelimiter()', () => {
  test.each([
    ['\\n', '\n'],
    ['\\r\\n', '\r\n'],
    ['\\0', '\0'],
    ['\\t|\\\\', '\t|\\'],
    ['\\\\n', '\\n'],
    ['\\x1e', '\x1e'],
    ['\\x0D\\x0a', '\r\n'],
    ['--', '--'],
    ['行', '行'],
    ['\n', '\n'],
    ['', ''],
  ])('reads %j as %j', (text, delimiter) => {
    expect(String(parseDelimiter(text))).toBe(delimiter);
  });

  test('reads a byte that is not UTF-8', () => {
    expect([...parseDelimiter('\\xff')]).toEqual([0xff]);
  });

  test.each(['\\', '\\q', '\\x', '\\x1', '\\xg0', 'a\\'])('refuses %j', (text) => {
    expect(() => parseDelimiter(text)).toThrow('write \\n, \\r, \\t, \\0, \\\\ or \\xHH.');
  });
});
