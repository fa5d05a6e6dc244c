import { expect, test } from 'vitest';
import { Source } from './source.js';

const period = 2 ** 23 - 15;

test('a source returns the same bytes in pieces of any size', () => {
  const source = new Source(77);
  const start = period - 104_729 * 77 - 50;
  const whole = source.bytes(start, start + 100);

  expect(whole).toHaveLength(100);
  expect(
    Buffer.concat([source.bytes(start, start + 49), source.bytes(start + 49, start + 100)]),
  ).toEqual(whole);
  expect(new Source(78).bytes(start, start + 100)).not.toEqual(whole);
});

test('a source finds its bytes in an object, and the first difference', () => {
  const source = new Source(3);
  const object = Buffer.from(source.bytes(0, 200_000));
  expect(source.matching(object)).toBe(200_000);
  expect(source.matching(Buffer.alloc(0))).toBe(0);

  object[150_000] = (object[150_000] ?? 0) ^ 1;

  expect(source.matching(object)).toBe(150_000);
  expect(source.indexOf(object.subarray(100_000, 100_016), 200_000)).toBe(100_000);
  expect(source.indexOf(Buffer.alloc(16), 200_000)).toBe(-1);
});
