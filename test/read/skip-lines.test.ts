import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { skipLines } from '../../src/read/skip-lines.js';

async function skip(pieces: readonly string[], count: number): Promise<string> {
  const lines = skipLines(count);
  for (const piece of pieces) lines.write(piece);
  lines.end();
  return String(await buffer(lines));
}

describe('skipLines()', () => {
  test.each([
    { pieces: ['a\nb\nc\n'], count: 0, rest: 'a\nb\nc\n' },
    { pieces: ['a\nb\nc\n'], count: 2, rest: 'c\n' },
    { pieces: ['a\nb\nc'], count: 2, rest: 'c' },
    { pieces: ['a\nb\nc'], count: 3, rest: '' },
    { pieces: ['a\nb\nc\n'], count: 3, rest: '' },
    { pieces: ['\n\n\n'], count: 2, rest: '\n' },
    { pieces: ['a', '\n', 'b', '\nc', '\nd\n'], count: 2, rest: 'c\nd\n' },
    { pieces: ['a\n', 'b\n', 'c\n'], count: 2, rest: 'c\n' },
    { pieces: [], count: 1, rest: '' },
  ])('$pieces, $count', async ({ pieces, count, rest }) => {
    expect(await skip(pieces, count)).toBe(rest);
  });
});
