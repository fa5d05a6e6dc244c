import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RecordEnds } from '../../src/buffer/record-ends.js';

const bytes = (text: string) => Buffer.from(text);

describe('RecordEnds.lastEnd()', () => {
  test.each([
    { delimiter: '\n', text: 'one\ntwo\nth', end: 8 },
    { delimiter: '\n', text: 'one\n', end: 4 },
    { delimiter: '\n', text: 'one', end: 0 },
    { delimiter: '\n', text: '', end: 0 },
    { delimiter: '\r\n', text: 'one\r\ntwo\r', end: 5 },
    { delimiter: '\r\n', text: '\n', end: 0 },
    { delimiter: 'longer than the text', text: 'text', end: 0 },
    { delimiter: '行', text: 'a行b', end: 4 },
    { delimiter: '', text: 'anything', end: 8 },
  ])('is $end for "$text" and "$delimiter"', ({ delimiter, text, end }) => {
    expect(new RecordEnds(bytes(delimiter)).lastEnd(bytes(text))).toBe(end);
  });

  test.each([
    { cut: ['one\r'], text: '\ntwo', end: 1, name: 'begun in the last byte cut off' },
    { cut: ['one\r', '\n'], text: '\ntwo', end: 0, name: 'that had ended before' },
    { cut: ['one\r'], text: 'two', end: 0, name: 'begun and not continued' },
    { cut: ['one\r', ''], text: '\n', end: 1, name: 'begun before an empty chunk' },
    { cut: ['one\r'], text: '\na\r\nb', end: 4, name: 'begun, with another one behind' },
  ])('finds a delimiter of two bytes $name', ({ cut, text, end }) => {
    const ends = new RecordEnds(bytes('\r\n'));
    for (const chunk of cut) ends.cutOff(bytes(chunk));

    expect(ends.lastEnd(bytes(text))).toBe(end);
  });

  test.each([
    ['<', 'end>x', 4],
    ['<e', 'nd>x', 3],
    ['x<en', 'd>', 2],
  ])('finds a delimiter of five bytes torn between %j and %j', (cut, text, end) => {
    const ends = new RecordEnds(bytes('<end>'));
    ends.cutOff(bytes(cut));

    expect(ends.lastEnd(bytes(text))).toBe(end);
  });

  test('finds a delimiter torn over as many chunks as it has bytes', () => {
    const ends = new RecordEnds(bytes('<end>'));
    for (const chunk of ['<', 'e', 'n', 'd']) {
      expect(ends.lastEnd(bytes(chunk))).toBe(0);
      ends.cutOff(bytes(chunk));
    }

    expect(ends.lastEnd(bytes('>'))).toBe(1);
    ends.cutOff(bytes('>'));
    expect(ends.lastEnd(bytes('>'))).toBe(0);
  });

  // The oracle searches the whole text, however it was cut.
  test('agrees with a search of the uncut text, wherever that is cut', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '-'), maxLength: 40 });
    fc.assert(
      fc.property(text, text, fc.constantFrom('-', '--', 'a-', 'aab', '-a-'), (cut, rest, end) => {
        const ends = new RecordEnds(bytes(end));
        // A record boundary inside the bytes cut off hides nothing, so begin behind the last one.
        const begun = cut.slice(
          cut.lastIndexOf(end) === -1 ? 0 : cut.lastIndexOf(end) + end.length,
        );
        for (const byte of begun) ends.cutOff(bytes(byte));
        const found = (begun + rest).lastIndexOf(end);
        const expected = found === -1 ? 0 : found + end.length - begun.length;

        expect(ends.lastEnd(bytes(rest))).toBe(Math.max(0, expected));
      }),
    );
  });

  test('searches only what is new, with what a delimiter may have begun in', () => {
    const ends = new RecordEnds(bytes('\r\n'));

    expect(ends.lastEnd(bytes('a\r\nb'), 4)).toBe(0);
    expect(ends.lastEnd(bytes('ab\r\n'), 3)).toBe(4);
  });
});
