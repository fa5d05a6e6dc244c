import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DropCounter } from '../../../src/logging/gate/drop-counter.js';
import { DropNewest } from '../../../src/logging/gate/drop-newest.js';
import { DropOldest } from '../../../src/logging/gate/drop-oldest.js';
import type { LineGate } from '../../../src/logging/gate/line-gate.js';
import { lineFeed, RecordDelimiter } from '../../../src/logging/gate/record-delimiter.js';
import { CommittingSink } from '../../helpers/committing-sink.js';

type Told = 'committed' | 'dropped';

const gates = [
  ['DropNewest', DropNewest],
  ['DropOldest', DropOldest],
] as const;

/** Some can be torn between two writes; one can overlap itself. */
const delimiters = ['\n', '\r\n', '\0', '||', 'END\n', 'aba', '\u00a6\u00a6'];

function open(
  Gate: (typeof gates)[number][1],
  highWaterMark: number,
  maxLength: number,
  delimiter = lineFeed,
) {
  const drops = { count: 0, byteLength: 0 };
  const tally = new DropCounter(
    '#{count} {byteLength}',
    (drop) => {
      drops.count += drop.count;
      drops.byteLength += drop.byteLength;
    },
    delimiter,
  );
  const sink = new CommittingSink(highWaterMark);
  return { sink, tally, drops, gate: new Gate(sink, maxLength, tally, delimiter) as LineGate };
}

/** Lines found in the object, and the totals of its markers. */
function read(
  text: string,
  delimiter: string,
): { lines: string[]; missing: number; missingBytes: number } {
  const all = text.split(delimiter);
  const markers = all.filter((line) => line.startsWith('#'));
  const sum = (index: number) =>
    markers.reduce((total, marker) => total + Number(marker.slice(1).split(' ')[index]), 0);
  return {
    lines: all.filter((line) => line !== '' && !line.startsWith('#')),
    missing: sum(0),
    missingBytes: sum(1),
  };
}

/** Whether `some` is a subsequence of `all`. */
function isPartOf(some: readonly string[], all: readonly string[]): boolean {
  let index = 0;
  return some.every((line) => {
    index = all.indexOf(line, index) + 1;
    return index > 0;
  });
}

const moves = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('write' as const),
      cut: fc.integer({ min: 1, max: 60 }),
      asBytes: fc.boolean(),
    }),
    fc.record({
      kind: fc.constant('commit' as const),
      byteLength: fc.integer({ min: 1, max: 60 }),
    }),
    fc.record({ kind: fc.constant('hand over' as const) }),
    fc.record({ kind: fc.constant('append' as const), cut: fc.integer({ min: 0, max: 60 }) }),
  ),
  { maxLength: 120 },
);

describe.each(gates)('%s', (_name, Gate) => {
  test.each(delimiters)(
    'drops only whole lines, which end with %j, writes a marker where they are missing, and stays within maxLength',
    (delimiter) => {
      const lengths = fc.array(fc.integer({ min: 0, max: 25 }), { minLength: 1, maxLength: 80 });
      const sizes = fc.record({
        highWaterMark: fc.integer({ min: 1, max: 60 }),
        more: fc.integer({ min: 0, max: 100 }),
      });
      fc.assert(
        fc.property(lengths, moves, sizes, (padding, script, { highWaterMark, more }) => {
          const maxLength = highWaterMark + more;
          const { sink, gate, drops } = open(
            Gate,
            highWaterMark,
            maxLength,
            new RecordDelimiter(delimiter),
          );
          const lines = padding.map((length, index) => `${index}:${'é'.repeat(length)}`);
          const source = Buffer.from(lines.map((line) => `${line}${delimiter}`).join(''));
          const told: (Told | undefined)[] = [];
          let offset = 0;
          let longest = 0;
          let beyond = 0;
          for (const move of script) {
            const piece = source.subarray(offset, offset + ('cut' in move ? move.cut : 0));
            offset += piece.byteLength;
            if (move.kind === 'append') {
              gate.append(piece).catch((error: unknown) => {
                expect(error).toMatchObject({ code: 'APPEND_ERR_LINES_DROPPED' });
              });
              beyond += piece.byteLength;
            } else if (move.kind === 'write') {
              const index = told.push(undefined) - 1;
              const callback = (error?: Error | null) => {
                if (told[index] !== undefined) throw new Error('called twice');
                told[index] = error ? 'dropped' : 'committed';
              };
              const isText = !move.asBytes && !piece.toString().includes('\ufffd');
              gate.write(isText ? piece.toString() : piece, callback);
              longest = Math.max(longest, move.cut);
            } else if (move.kind === 'commit') {
              sink.commit(move.byteLength);
              gate.resume();
            } else {
              gate.handOver();
            }
            // Slack: a started line is completed, and markers are added.
            const slack = 52 + 12 * 40;
            expect(sink.byteLength + gate.byteLength).toBeLessThanOrEqual(
              maxLength + beyond + slack,
            );
          }
          gate.end();
          sink.commit(Number.MAX_SAFE_INTEGER);

          const written = source.subarray(0, offset).toString().split(delimiter).filter(Boolean);
          const { lines: there, missing, missingBytes } = read(sink.text, delimiter);
          expect(isPartOf(there, written)).toBe(true);
          expect(missing).toBe(written.length - there.length);
          expect(drops).toEqual({ count: missing, byteLength: missingBytes });
          expect(gate.byteLength).toBe(0);
        }),
        { numRuns: 500 },
      );
    },
  );

  test('drops nothing while there is room', () => {
    const { sink, gate, drops } = open(Gate, 100, 100);

    for (let index = 0; index < 10; index++) gate.write(`line ${index}.\n`);

    expect(drops.count).toBe(0);
    gate.end();
    expect(sink.text).toBe(Array.from({ length: 10 }, (_, index) => `line ${index}.\n`).join(''));
  });

  test('drops a line that is longer than maxLength', () => {
    const { sink, gate } = open(Gate, 10, 20);

    gate.write(`${'x'.repeat(30)}\nshort\n`);
    gate.write('next\n');
    gate.end();

    expect(sink.text).toContain('#1 31\n');
    expect(sink.text).toContain('next\n');
  });

  test('completes a line whose beginning was passed on, and drops the rest of one whose beginning was dropped', () => {
    const { sink, gate } = open(Gate, 10, 10);

    gate.write('12345678');
    gate.write('9 and more of it');
    gate.write(' to its end\nb\n');
    gate.write('c beg');
    gate.write('un\n');
    sink.commit(100);
    gate.write('d\n');
    gate.end();

    expect(sink.text).toBe('123456789 and more of it to its end\n#2 10\nd\n');
  });

  test('ends a line that gets far too long, drops its rest, and says so', async () => {
    const { sink, gate, drops } = open(Gate, 10, 10);
    const told: unknown[] = [];
    const longest = 10 + 64 * 1024;
    gate.write('12345678');
    gate.write('x'.repeat(longest - 8));

    gate.write('y and', (error) => told.push(error?.name));
    const rest = gate.append(Buffer.from(' its '));
    gate.write('end\nb\n', (error) => told.push(error?.name));
    sink.commit(Number.MAX_SAFE_INTEGER);
    gate.write('c\n', (error) => told.push(error?.name));
    gate.end();
    sink.commit(Number.MAX_SAFE_INTEGER);

    await expect(rest).rejects.toMatchObject({ name: 'LinesDroppedError' });
    expect(told).toContain(undefined);
    expect(told.filter((name) => name === 'LinesDroppedError')).toHaveLength(2);
    const lost = 'y and its end\n'.length;
    expect(drops).toEqual({ count: 2, byteLength: lost + 2 });
    const [first, ...others] = sink.text.split('\n');
    expect(first).toBe(`12345678${'x'.repeat(longest - 8)}`);
    expect(others).toEqual([`#2 ${lost + 2}`, 'c', '']);
  });

  test('completes a line up to the length at which it is cut', () => {
    const { sink, gate, drops } = open(Gate, 10, 10);
    const longest = 10 + 64 * 1024;
    const line = `${'x'.repeat(longest - 1)}\n`;

    gate.write(line.slice(0, 8));
    gate.write(`${line.slice(8)}next\n`);

    expect(sink.text).toBe(line);
    expect(drops.count).toBe(1);
  });

  test('does not mistake a new line for the rest of a line that was dropped in parts', () => {
    const { sink, gate } = open(Gate, 10, 10);

    gate.write('123456789\n');
    gate.write('dropped, ');
    gate.write('and its end\n');
    gate.write('next\n');

    expect(sink.text).toBe('123456789\n');
  });

  test('does not mistake the line after an empty write for the rest of a line', () => {
    const { sink, gate } = open(Gate, 10, 10);

    gate.write('12345678\n');
    gate.write('');
    gate.write('abcdef\n');

    expect(sink.text).toBe('12345678\n');
  });

  test('calls the callback of a line that was completed beyond maxLength once it is committed', () => {
    const { sink, gate } = open(Gate, 10, 10);
    const told: unknown[] = [];
    gate.write('12345678');
    gate.write('9 and more of it\n', (error) => told.push(error));

    sink.commit(100);

    expect(told).toEqual([null]);
  });

  test('calls the callbacks of empty writes', () => {
    const { sink, gate } = open(Gate, 10, 10);
    const told: unknown[] = [];

    gate.write('', (error) => told.push(error));
    gate.write(new Uint8Array(0), (error) => told.push(error));
    gate.end();
    sink.commit(1);

    expect(told).toEqual([null, null]);
  });

  test('calls the callback of a dropped line with a LinesDroppedError', async () => {
    const { gate } = open(Gate, 10, 10);
    gate.write('123456789\n');

    const error = await new Promise((resolve) => gate.write('dropped\n', resolve));

    expect(error).toMatchObject({ name: 'LinesDroppedError' });
  });
});

test('DropNewest drops the rest of a write from the first line without room, shorter lines included', () => {
  const { sink, gate, drops } = open(DropNewest, 10, 10);

  gate.write('first\ntoo long\nx\n');

  expect(sink.text).toBe('first\n');
  expect(drops).toEqual({ count: 2, byteLength: 11 });
});

test('DropNewest keeps the first lines, DropOldest the last ones', () => {
  const newest = open(DropNewest, 10, 21);
  const oldest = open(DropOldest, 10, 21);

  for (const { gate, sink } of [newest, oldest]) {
    for (let index = 0; index < 10; index++) gate.write(`line ${index}\n`);
    sink.commit(1000);
    gate.resume();
    gate.end();
  }

  expect(newest.sink.text).toBe('line 0\nline 1\nline 2\n#7 49\n');
  expect(oldest.sink.text).toBe('line 0\nline 1\n#7 49\nline 9\n');
});
