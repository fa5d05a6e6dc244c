import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
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

describe('RecordEnds.firstEnd()', () => {
  test.each([
    { delimiter: '\n', held: '', text: 'one\ntwo\n', end: 4 },
    { delimiter: '\n', held: 'begun', text: 'one', end: undefined },
    { delimiter: '\n', held: 'begun', text: '', end: undefined },
    { delimiter: '\r\n', held: 'begun\r', text: '\none\r\n', end: 1 },
    { delimiter: '\r\n', held: 'begun\r', text: 'one\r\n', end: 5 },
    { delimiter: '\r\n', held: 'begun', text: '\none\r\n', end: 6 },
    { delimiter: '<end>', held: 'x<en', text: 'd>y', end: 2 },
    { delimiter: '<end>', held: 'x<e', text: 'nd>', end: 3 },
    { delimiter: '<end>', held: 'x<', text: '<end>', end: 5 },
    { delimiter: '', held: 'begun', text: 'any', end: 0 },
  ])('is $end for "$text" behind "$held" and $delimiter', ({ delimiter, held, text, end }) => {
    const ends = new RecordEnds(bytes(delimiter));

    expect(ends.firstEnd(bytes(text), bytes(held))).toBe(end);
  });

  test('finds a delimiter that begins in the bytes cut off', () => {
    const ends = new RecordEnds(bytes('<end>'));
    ends.cutOff(bytes('x<e'));

    expect(ends.firstEnd(bytes('nd>'), bytes(''))).toBe(3);
    expect(ends.firstEnd(bytes('d>'), bytes('n'))).toBe(2);
    expect(ends.firstEnd(bytes('nd>'), bytes('x'))).toBeUndefined();
  });

  test('takes an array of bytes that is not a Buffer', () => {
    const ends = new RecordEnds(bytes('\n'));

    expect(ends.firstEnd(new Uint8Array(bytes('xone\n')).subarray(1), bytes(''))).toBe(4);
  });

  // The oracle searches the whole text from the end of the last record on.
  test('agrees with a search of the uncut text, wherever that is cut and held', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '<', '>'), maxLength: 12 });
    fc.assert(
      fc.property(text, text, text, fc.constantFrom('<', '<>', 'a<>', 'ab<>a<'), (...drawn) => {
        const [cut, held, rest, end] = drawn;
        fc.pre(!(cut + held).includes(end));
        const ends = new RecordEnds(bytes(end));
        for (const byte of cut) ends.cutOff(bytes(byte));
        const found = (cut + held + rest).indexOf(end);
        const expected = found === -1 ? undefined : found + end.length - (cut + held).length;

        expect(ends.firstEnd(bytes(rest), bytes(held))).toBe(expected);
      }),
    );
  });

  test('takes no longer where megabytes are held', () => {
    const ends = new RecordEnds(bytes('\n'));
    const held = Buffer.alloc(16 * 2 ** 20, 'x');
    const concat = vi.spyOn(Buffer, 'concat');
    onTestFinished(() => concat.mockRestore());
    ends.firstEnd(bytes('goes on'), held);

    const copied = concat.mock.results.map(({ value }) => value.byteLength);
    expect(Math.max(...copied)).toBeLessThan(100);
  });
});
