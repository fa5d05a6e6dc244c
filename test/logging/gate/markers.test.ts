// What the markers of a log say in sum, with records that are dropped as too long in front of each gate.
import { finished } from 'node:stream/promises';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { startEmulator } from '../../../src/emulator/index.js';
import { createGate } from '../../../src/logging/gate/create-gate.js';
import { DropCounter } from '../../../src/logging/gate/drop-counter.js';
import { lineFeed } from '../../../src/logging/gate/record-delimiter.js';
import { WholeRecords } from '../../../src/logging/gate/whole-records.js';
import { LogWritable } from '../../../src/logging/log-writable.js';
import { CommittingSink } from '../../helpers/committing-sink.js';
import { connectionTo } from '../../helpers/open-stream.js';

const policies = ['drop-oldest', 'drop-newest', 'block'] as const;
const marker = '#{count} {byteLength}';

/** The lines of an object, and the totals of its markers. */
function read(text: string) {
  const all = text.split('\n').filter(Boolean);
  const markers = all.filter((line) => line.startsWith('#'));
  const sum = (index: number) =>
    markers.reduce((total, line) => total + Number(line.slice(1).split(' ')[index]), 0);
  return { lines: all.length - markers.length, missing: { count: sum(0), byteLength: sum(1) } };
}

const moves = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constantFrom('write' as const, 'append' as const),
      cut: fc.integer({ min: 0, max: 50 }),
    }),
    fc.record({
      kind: fc.constant('commit' as const),
      byteLength: fc.integer({ min: 1, max: 60 }),
    }),
    fc.record({ kind: fc.constant('hand over' as const) }),
  ),
  { maxLength: 100 },
);

test.each(policies)('they name all lines and bytes that are missing, with %s', async (policy) => {
  const script = fc.record({
    moves,
    lengths: fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 60 }),
    highWaterMark: fc.integer({ min: 1, max: 60 }),
    more: fc.integer({ min: 0, max: 100 }),
    longest: fc.integer({ min: 1, max: 40 }),
    isDestroyed: fc.boolean(),
  });
  await fc.assert(
    fc.property(script, ({ moves, lengths, highWaterMark, more, longest, isDestroyed }) => {
      const sink = new CommittingSink(highWaterMark);
      const counter = new DropCounter(marker, () => {});
      const maxLength = highWaterMark + more;
      const gate = createGate({ policy, maxLength }, sink, counter, lineFeed);
      const records = new WholeRecords(gate, lineFeed, longest, counter);
      const source = lengths.map((length) => `${'x'.repeat(length)}|\n`).join('');
      let offset = 0;
      for (const move of moves) {
        if (move.kind === 'commit') {
          sink.commit(move.byteLength);
          gate.resume();
        } else if (move.kind === 'hand over') {
          gate.handOver();
        } else {
          const piece = source.slice(offset, offset + move.cut);
          offset += piece.length;
          if (move.kind === 'write') records.write(piece);
          else records.append(Buffer.from(piece)).catch(() => {});
        }
      }
      let rest = '';
      if (isDestroyed) {
        const held = records.takeRest();
        rest = Buffer.concat([gate.takeRest(), held]).toString();
      } else {
        records.end();
        gate.end();
      }
      sink.commit(Number.MAX_SAFE_INTEGER);

      const { lines, missing } = read(sink.text + rest);
      expect(missing).toEqual({ count: counter.lines, byteLength: counter.bytes });
      const written = source.slice(0, offset).split('\n').filter(Boolean);
      expect(lines + missing.count).toBe(written.length);
    }),
    { numRuns: 1000 },
  );
});

test('a line that is too long has one marker, although the lines before it leave meanwhile', async () => {
  await using emulator = await startEmulator();
  const recover = emulator.faults.add({ kind: 'error-503' });
  const stream = new LogWritable({
    ...connectionTo(emulator),
    key: 'log',
    fallback: false,
    chunkSize: 16,
    highWaterMark: 64,
    flushInterval: 0,
    retry: { minTimeout: 1, maxTimeout: 1 },
    overflow: { marker },
  });
  onTestFinished(() => {
    stream.destroy();
  });
  for (let index = 0; index < 20; index++) stream.write(`line ${index}\n`);
  stream.write('x'.repeat(100));
  recover();
  const written = stream.flush();
  stream.write('y'.repeat(100));
  await written;
  stream.write('\nnext\n');
  stream.end();
  await finished(stream);

  const text = String(await emulator.read('examplebucket', 'log'));
  expect(text.split('\n').slice(-3)).toEqual(['#1 201', 'next', '']);
  expect(stream.stats).toMatchObject({ linesDropped: 1, bytesDropped: 201 });
});
