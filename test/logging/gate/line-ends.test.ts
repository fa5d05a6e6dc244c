import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineEnds } from '../../../src/logging/gate/line-ends.js';
import { RecordDelimiter } from '../../../src/logging/gate/record-delimiter.js';

/** Some are not UTF-8, some are part of a character, and none can overlap itself. */
const delimiters = [
  Buffer.from('\n'),
  Buffer.from('\r\n'),
  Buffer.from('€'),
  Buffer.of(0xa9),
  Buffer.of(0x9f, 0x98, 0x80),
  Buffer.of(0xff, 0xfe),
];

test.each(delimiters)('LineEnds finds in pieces what is in all of them, with %j', (delimiter) => {
  const characters = fc.constantFrom('a', '\r', '\n', 'é', '€', '\u{1f600}', '\ud83d', '©');
  const strings = fc.array(characters, { maxLength: 5 }).map((list) => list.join(''));
  const bytes = strings.map((text) => Buffer.from(text));
  const parts = bytes.chain((all) =>
    fc.tuple(
      fc.integer({ min: 0, max: all.byteLength }).map((end) => all.subarray(0, end)),
      fc.constantFrom(Buffer.alloc(0), delimiter, delimiter.subarray(0, 1), delimiter.subarray(1)),
    ),
  );
  const pieces = fc.array(
    fc.oneof(
      strings,
      parts.map((list) => Buffer.concat(list)),
    ),
  );
  fc.assert(
    fc.property(pieces, (list) => {
      const ends = new LineEnds(new RecordDelimiter(delimiter));
      let passed = Buffer.alloc(0);
      for (const piece of list) {
        const data = Buffer.from(piece as string);
        const from = passed.lastIndexOf(delimiter);
        const begin = from === -1 ? 0 : from + delimiter.byteLength;
        const all = Buffer.concat([passed, data]);
        const first = all.indexOf(delimiter, begin);
        const last = all.lastIndexOf(delimiter);
        expect(ends.firstEnd(data)).toBe(
          first === -1 ? data.byteLength : first + delimiter.byteLength - passed.byteLength,
        );
        expect(ends.lastEnd(data, 0, data.byteLength)).toBe(
          last < begin ? 0 : last + delimiter.byteLength - passed.byteLength,
        );
        ends.pass(piece);
        passed = all;
        const isEnded = passed.subarray(-delimiter.byteLength).equals(delimiter);
        expect(ends.isWithinLine).toBe(passed.byteLength > 0 && !isEnded);
      }
    }),
    { numRuns: 500 },
  );
});
