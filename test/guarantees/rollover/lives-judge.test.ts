import { describe, expect, test } from 'vitest';
import type { Life } from './lives.js';
import { judgeLives } from './lives-judge.js';
import { linesOf } from './numbered-lines.js';

const first = linesOf(1, 4);
const second = linesOf(2, 2);
const lives: Life[] = [
  { life: 1, isKilled: true, acknowledged: 3, error: undefined },
  { life: 2, isKilled: false, acknowledged: 2, error: undefined },
];

function judge(objects: readonly string[], changes: Partial<Life> = {}) {
  const found = objects.map((text, number) => ({
    ...{ key: `${number}.log`, bytes: Buffer.from(text), sealed: false, appendable: true },
  }));
  const judged = [lives[0], { ...lives[1], ...changes }] as Life[];
  return judgeLives(found, judged, { maxSize: 320 });
}

const text = (...lines: (string | undefined)[]) => lines.join('');
const [l0, l1, l2, l3] = first;
const [m0, m1] = second;

describe('judgeLives()', () => {
  test.each([
    { scenario: 'all lines', objects: [text(l0, l1, l2, l3), text(m0, m1)] },
    {
      scenario: 'only the acknowledged lines of the killed one',
      objects: [text(l0, l1, l2, m0, m1)],
    },
    { scenario: 'a line that landed late', objects: [text(l0, l1, l2, m0), text(l3, m1)] },
  ])('finds no problem in $scenario', ({ objects }) => {
    expect(judge(objects)).toEqual([]);
  });

  test.each([
    { scenario: 'an acknowledged line is missing', objects: [text(l0, l1), text(m0, m1)] },
    { scenario: 'a line is missing in between', objects: [text(l0, l2, l1, l3), text(m0, m1)] },
    { scenario: 'a line is there twice', objects: [text(l0, l1, l2, l2, l3), text(m0, m1)] },
    { scenario: 'a line is torn', objects: [text(l0, l1, l2, l3?.slice(0, 9)), text(m0, m1)] },
    {
      scenario: 'a line is altered',
      objects: [text(l0, l1, l2, l3?.replace('.', '!')), text(m0, m1)],
    },
    { scenario: 'the lives are in the wrong order', objects: [text(m0, m1), text(l0, l1, l2)] },
    {
      scenario: 'more lines are there than acknowledged',
      objects: [text(l0, l1, l2, m0, m1)],
      acknowledged: 1,
    },
    { scenario: 'a writer failed', objects: [text(l0, l1, l2, m0, m1)], error: 'no answer' },
    { scenario: 'an object is empty', objects: [text(l0, l1, l2, m0, m1), ''] },
    { scenario: 'an object is too long', objects: [text(l0, l1, l2, l3, m0, m1)] },
  ])('finds a problem if $scenario', ({ objects, scenario: _, ...changes }) => {
    expect(judge(objects, changes)).not.toEqual([]);
  });
});
