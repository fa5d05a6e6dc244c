import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DropCounter } from '../../../src/logging/gate/drop-counter.js';
import { DropNewest } from '../../../src/logging/gate/drop-newest.js';
import { DropOldest } from '../../../src/logging/gate/drop-oldest.js';
import type { LineGate } from '../../../src/logging/gate/line-gate.js';
import { lineFeed, RecordDelimiter } from '../../../src/logging/gate/record-delimiter.js';
import { CommittingSink } from '../../helpers/committing-sink.js';

const gates = [
  ['DropNewest', DropNewest],
  ['DropOldest', DropOldest],
] as const;

function open(
  Gate: (typeof gates)[number][1],
  highWaterMark: number,
  maxLength: number,
  delimiter = lineFeed,
) {
  const sink = new CommittingSink(highWaterMark);
  const counter = new DropCounter('#{count}', () => {}, delimiter);
  const gate: LineGate = new Gate(sink, maxLength, counter, delimiter);
  return { sink, gate };
}

const moves = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('write' as const),
      // An empty write, part of a line, or several lines.
      byteLength: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 60 })),
      asBytes: fc.boolean(),
    }),
    fc.record({
      kind: fc.constant('commit' as const),
      byteLength: fc.integer({ min: 1, max: 60 }),
    }),
    fc.record({ kind: fc.constant('hand over' as const) }),
  ),
  { maxLength: 80 },
);

interface Write {
  readonly start: number;
  readonly end: number;
  readonly told: (Error | null | undefined)[];
}

/** Names of the lines that contain bytes from `start` up to `end`. */
function linesIn(source: string, { start, end }: Write, delimiter: string): string[] {
  const { length } = delimiter;
  const before = source.slice(0, start).lastIndexOf(delimiter);
  const begin = before === -1 ? 0 : before + length;
  const lineEnd = source.indexOf(delimiter, end - length);
  return source.slice(begin, lineEnd === -1 ? undefined : lineEnd).split(delimiter);
}

describe.each(gates)('%s', (_name, Gate) => {
  test.each(['\n', '\r\n', '||', 'END\n'])(
    'with lines that end with %j, calls each callback once: without an error if all its lines were committed, with one if any was dropped',
    async (delimiter) => {
      const lengths = fc.array(fc.integer({ min: 0, max: 25 }), { minLength: 1, maxLength: 60 });
      const sizes = fc.record({
        highWaterMark: fc.integer({ min: 1, max: 60 }),
        more: fc.integer({ min: 0, max: 100 }),
      });
      await fc.assert(
        fc.asyncProperty(
          lengths,
          moves,
          sizes,
          fc.constantFrom('end', 'fail'),
          async (padding, script, { highWaterMark, more }, ending) => {
            const { sink, gate } = open(
              Gate,
              highWaterMark,
              highWaterMark + more,
              new RecordDelimiter(delimiter),
            );
            const source = padding
              .map((length, index) => `${index}:${'x'.repeat(length)}${delimiter}`)
              .join('');
            const writes: Write[] = [];
            let offset = 0;
            for (const move of script) {
              if (move.kind === 'write') {
                const text = source.slice(offset, offset + move.byteLength);
                const write = { start: offset, end: offset + text.length, told: [] } as Write;
                offset = write.end;
                writes.push(write);
                gate.write(move.asBytes ? Buffer.from(text) : text, (error) => {
                  write.told.push(error);
                });
              } else if (move.kind === 'commit') {
                sink.commit(move.byteLength);
                gate.resume();
              } else {
                gate.handOver();
              }
            }
            const failure = new Error('of the stream');
            if (ending === 'end') {
              gate.end();
              sink.commit(Number.MAX_SAFE_INTEGER);
            } else {
              gate.takeRest();
              gate.fail(failure);
              sink.fail(failure);
            }
            await new Promise(setImmediate);

            const written = source.slice(0, offset);
            const there = new Set(sink.text.split(delimiter));
            for (const write of writes) {
              expect(write.told).toHaveLength(1);
              const [error] = write.told;
              if (error === failure) continue;
              const isDropped =
                write.end > write.start &&
                linesIn(written, write, delimiter).some((name) => !there.has(name));
              if (ending === 'end')
                expect(error?.name).toBe(isDropped ? 'LinesDroppedError' : undefined);
            }
            if (ending === 'end')
              expect(writes.some(({ told }) => told[0] === failure)).toBe(false);
          },
        ),
        { numRuns: 1000 },
      );
    },
  );

  test('calls the callback of an empty write inside a dropped line', async () => {
    const { sink, gate } = open(Gate, 10, 10);
    const told: unknown[] = [];
    gate.write('123456789\n');
    gate.write('dropped, and');

    gate.write('', (error) => told.push(error));
    gate.write(Buffer.alloc(0), (error) => told.push(error));
    gate.write(' more of it\n');
    sink.commit(100);
    gate.resume();
    await new Promise(setImmediate);

    expect(told).toEqual([null, null]);
  });

  test('calls the callback of an empty write before a dropped line once the lines before it are committed', async () => {
    const { sink, gate } = open(Gate, 10, 20);
    const told: unknown[] = [];
    gate.write('123456789\n');
    gate.write('abcdefghi\n');
    gate.write('', (error) => told.push(error));
    gate.write(`${'z'.repeat(30)}\n`);
    await new Promise(setImmediate);
    expect(told).toEqual([]);

    sink.commit(100);
    gate.resume();
    await new Promise(setImmediate);

    expect(told).toEqual([null]);
  });
});
