import { describe, expect, test } from 'vitest';
import { accountFor } from './line-account.js';
import { textOf } from './numbered-line.js';

const line = (n: number) => `${JSON.stringify({ level: 30, n, msg: textOf(n) })}\n`;
const lines = (...numbers: number[]) => numbers.map(line).join('');
const accountForText = (text: string) => accountFor(Buffer.from(text), 4);

const allIsWell = {
  lost: 0,
  withoutGap: 4,
  doubled: 0,
  misplaced: 0,
  torn: 0,
  isCutOff: false,
  others: [],
};

describe('accountFor()', () => {
  test('finds no problem when every line is there once and in order', () => {
    expect(accountForText(lines(1, 2, 3, 4))).toEqual(allIsWell);
  });

  test('reads the lines of both libraries', () => {
    const ofWinston = JSON.stringify({ level: 'info', n: 1, message: textOf(1) });

    expect(accountForText(`${ofWinston}\n${lines(2, 3, 4)}`)).toEqual(allIsWell);
  });

  test.each([
    ['no bytes', '', { lost: 4, withoutGap: 0 }],
    ['a lost first line', lines(2, 3, 4), { lost: 1, withoutGap: 0 }],
    ['a lost line in the middle', lines(1, 3, 4), { lost: 1, withoutGap: 1 }],
    ['a lost last line', lines(1, 2, 3), { lost: 1, withoutGap: 3 }],
    ['a doubled line', lines(1, 2, 2, 3, 4), { doubled: 1 }],
    ['a line three times', lines(1, 2, 2, 2, 3, 4), { doubled: 2 }],
    ['a run of lines twice', lines(1, 2, 1, 2, 3, 4), { doubled: 2, misplaced: 1 }],
    ['two lines in the wrong order', lines(1, 3, 2, 4), { misplaced: 1 }],
    [
      'a line without its end',
      lines(1, 2, 3, 4).slice(0, -1),
      { isCutOff: true, lost: 1, withoutGap: 3 },
    ],
    [
      'a line without its start',
      lines(1, 2) + line(3).slice(5) + line(4),
      { torn: 1, lost: 1, withoutGap: 2 },
    ],
    ['two lines in one', line(1).trim() + lines(2, 3, 4), { torn: 1, lost: 2, withoutGap: 0 }],
    ['a line that ends twice', `${lines(1, 2)}\n${lines(3, 4)}`, { torn: 1 }],
    [
      'another text under a number',
      lines(1, 2, 3) + line(4).replace('line', 'lime'),
      { torn: 1, lost: 1, withoutGap: 3 },
    ],
    ['a number that was not logged', lines(1, 2, 3, 4, 5), { torn: 1 }],
    [
      'a line without a number',
      `${lines(1, 2)}{"msg":"a"}\n${lines(3, 4)}`,
      { others: ['{"msg":"a"}'] },
    ],
  ])('notices %s', (_, text, change) => {
    expect(accountForText(text)).toEqual({ ...allIsWell, ...change });
  });
});
