import { expect, test } from 'vitest';
import { Backlog } from '../harness/backlog.js';

test('Backlog returns its bytes in order, and splits pieces if it must', () => {
  const backlog = new Backlog();
  for (const piece of ['abc', Buffer.from('de'), 'fgh']) backlog.add(piece);

  const taken = [1, 4, 0, 2].map((byteLength) => String(backlog.take(byteLength)));

  expect(taken).toEqual(['a', 'bcde', '', 'fg']);
  expect(backlog.byteLength).toBe(1);
});
