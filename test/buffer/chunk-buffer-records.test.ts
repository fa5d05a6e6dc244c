import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ChunkBuffer } from '../../src/buffer/chunk-buffer.js';
import { RecordEnds } from '../../src/buffer/record-ends.js';
import { SlabPool } from '../../src/buffer/slab-pool.js';

function bufferOf(chunkSize: number, limit = chunkSize, delimiter = '\n'): ChunkBuffer {
  return new ChunkBuffer({
    chunkSize,
    limit,
    pool: new SlabPool(),
    ends: new RecordEnds(Buffer.from(delimiter)),
  });
}

function cutRecords(buffer: ChunkBuffer): string {
  const chunk = String(buffer.cut(buffer.recordsLength));
  buffer.release({ reuse: true });
  return chunk;
}

describe('a ChunkBuffer with a delimiter', () => {
  test('cuts behind the last record, and keeps what is behind that for the next chunk', () => {
    const buffer = bufferOf(16);
    buffer.add('one\ntwo\nth', 'utf8');

    expect(cutRecords(buffer)).toBe('one\ntwo\n');
    expect(buffer.recordsLength).toBe(0);
    buffer.add('ree\n', 'utf8');
    expect(cutRecords(buffer)).toBe('three\n');
    expect(buffer.byteLength).toBe(0);
  });

  test('fills the next chunk from the end of the last record on', () => {
    const buffer = bufferOf(8, 24);
    buffer.add('one\ntwo', 'utf8');
    buffer.add('\nthree\nfour', 'utf8');

    expect(cutRecords(buffer)).toBe('one\ntwo\n');
    expect(cutRecords(buffer)).toBe('three\n');
    expect(buffer.byteLength).toBe(4);
  });

  test('cuts a record that is longer than a chunk anywhere, and the rest of it at its end', () => {
    const buffer = bufferOf(8, 32);
    buffer.add('longer than a chunk\nb', 'utf8');

    expect([cutRecords(buffer), cutRecords(buffer)]).toEqual(['longer t', 'han a ch']);
    expect(cutRecords(buffer)).toBe('unk\n');
    expect(buffer.recordsLength).toBe(0);
    expect(String(buffer.cut())).toBe('b');
  });

  test('finds a delimiter that a full chunk tore', () => {
    const buffer = bufferOf(4, 16, '\r\n');
    buffer.add('abc\r', 'utf8');
    expect(cutRecords(buffer)).toBe('abc\r');
    buffer.add('\nde', 'utf8');

    expect(cutRecords(buffer)).toBe('\n');
    expect(buffer.byteLength).toBe(2);
  });

  test('does not forget the last whole record for one that ends before it', () => {
    const buffer = bufferOf(64, 64, '\r\n');
    buffer.add('a\r', 'utf8');
    buffer.cut();
    buffer.release({ reuse: true });
    buffer.add('\none\r\n', 'utf8');
    expect(buffer.recordsLength).toBe(6);
    buffer.add('x', 'utf8');

    expect(buffer.recordsLength).toBe(6);
  });

  test('keeps the beginning of a record in a small slab, however large the chunk before it was', () => {
    const pool = new SlabPool();
    const ends = new RecordEnds(Buffer.from('\n'));
    const buffer = new ChunkBuffer({ chunkSize: 2 ** 20, limit: 2 ** 20, pool, ends });
    buffer.add(`${'x'.repeat(500_000)}\nbe`, 'utf8');
    buffer.cut(buffer.recordsLength);
    buffer.release({ reuse: false });
    buffer.cut();
    buffer.release({ reuse: true });

    expect(pool.byteLength).toBe(16_384);
  });

  test('takes a slab for what it keeps, and returns the one that left', () => {
    const pool = new SlabPool();
    const buffer = new ChunkBuffer({
      chunkSize: 65_536,
      limit: 65_536,
      pool,
      ends: new RecordEnds(Buffer.from('\n')),
    });
    buffer.add('one\ntw', 'utf8');
    buffer.cut(buffer.recordsLength);
    buffer.release({ reuse: true });
    expect(pool.byteLength).toBe(16_384);
    buffer.cut();
    buffer.release({ reuse: true });
    expect(pool.byteLength).toBe(32_768);
  });

  const line = fc.string({ unit: fc.constantFrom('a', 'é', '\r', '\n'), maxLength: 12 });
  const act = fc.oneof(
    { weight: 4, arbitrary: line.map((text) => ({ text })) },
    { weight: 1, arbitrary: fc.constant('cut records' as const) },
    { weight: 1, arbitrary: fc.constant('cut all' as const) },
  );

  test.each(['\n', '\r\n', 'aa\n'])(
    'loses and adds nothing, and ends chunks with records shorter than one: %j',
    (delimiter) => {
      fc.assert(
        fc.property(
          fc.array(act, { maxLength: 40 }),
          fc.integer({ min: 1, max: 24 }),
          fc.integer({ min: 0, max: 40 }),
          (acts, chunkSize, more) => {
            const buffer = bufferOf(chunkSize, chunkSize + more, delimiter);
            let written = '';
            let sent = '';
            const cut = (length: number, isWhole: boolean) => {
              const chunk = String(buffer.cut(length).toString('latin1'));
              buffer.release({ reuse: true });
              sent += chunk;
              expect(chunk.length).toBeLessThanOrEqual(chunkSize);
              // Else the record that is cut is longer than a chunk: it began before this one did.
              if (!isWhole || length === 0 || sent.endsWith(delimiter)) return;
              expect(chunk.length).toBe(chunkSize);
              expect(chunk).not.toContain(delimiter);
            };
            const cutRecordsAt = () => cut(buffer.recordsLength, true);
            for (const step of acts) {
              if (step === 'cut all') cut(buffer.nextLength, buffer.fullCount > 0);
              else if (step === 'cut records') cutRecordsAt();
              else {
                written += Buffer.from(step.text).toString('latin1');
                let rest = buffer.add(step.text, 'utf8');
                for (; rest !== undefined; rest = buffer.add(rest, 'utf8')) {
                  expect(buffer.isFull).toBe(true);
                  cutRecordsAt();
                }
              }
              expect(buffer.byteLength).toBe(written.length - sent.length);
              expect(buffer.pieces.map((piece) => piece.toString('latin1')).join('')).toBe(
                written.slice(sent.length),
              );
            }
            while (buffer.byteLength > 0) cut(buffer.nextLength, false);
            expect(sent).toBe(written);
          },
        ),
        { numRuns: 300 },
      );
    },
  );
});
