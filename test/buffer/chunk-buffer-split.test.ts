import { describe, expect, test } from 'vitest';
import { ChunkBuffer } from '../../src/buffer/chunk-buffer.js';
import { RecordEnds } from '../../src/buffer/record-ends.js';
import { SlabPool } from '../../src/buffer/slab-pool.js';

function bufferOf(chunkSize: number, limit = chunkSize, delimiter = ''): ChunkBuffer {
  return new ChunkBuffer({
    chunkSize,
    limit,
    pool: new SlabPool(),
    ends: new RecordEnds(Buffer.from(delimiter)),
  });
}

function cutAll(buffer: ChunkBuffer): string[] {
  const chunks = [];
  while (buffer.byteLength > 0) {
    chunks.push(String(buffer.cut()));
    buffer.release({ reuse: true });
  }
  return chunks;
}

describe('ChunkBuffer.split()', () => {
  test('ends the chunk at an offset, and leaves what is behind it to the next', () => {
    const buffer = bufferOf(100, 1000);
    buffer.add('onetwo', 'utf8');
    buffer.split(3);

    expect(buffer).toMatchObject({ isFull: true, fullCount: 1, nextLength: 3, byteLength: 6 });
    buffer.add('three', 'utf8');
    expect(cutAll(buffer)).toEqual(['one', 'twothree']);
  });

  test('counts offsets from the beginning of the stream, whatever has been cut', () => {
    const buffer = bufferOf(100);
    buffer.add('zero', 'utf8');
    cutAll(buffer);
    buffer.add('onetwo', 'utf8');
    buffer.split(7);

    expect(buffer.offset).toBe(10);
    expect(cutAll(buffer)).toEqual(['one', 'two']);
  });

  test.each([
    { offset: 0, name: 'where the chunk begins' },
    { offset: 4, name: 'at the end of what was added' },
  ])('makes no empty chunk $name', ({ offset }) => {
    const buffer = bufferOf(100);
    buffer.add('data', 'utf8');
    buffer.split(offset);
    buffer.split(offset);

    expect(cutAll(buffer)).toEqual(['data']);
  });

  test('may be called for several offsets, which make a chunk each', () => {
    const buffer = bufferOf(100, 1000);
    for (const [text, offset] of [
      ['one', 3],
      ['two', 6],
      ['three', 11],
    ] as const) {
      buffer.add(text, 'utf8');
      buffer.split(offset);
    }

    expect(buffer.fullCount).toBe(3);
    expect(cutAll(buffer)).toEqual(['one', 'two', 'three']);
  });

  test('counts the slab of a chunk that ends early against the limit', () => {
    const buffer = bufferOf(8, 16);
    buffer.add('one', 'utf8');
    buffer.split(3);
    buffer.add('two', 'utf8');
    buffer.split(6);

    expect(String(buffer.add('more', 'utf8'))).toBe('more');
    buffer.cut();
    expect(buffer.add('more', 'utf8')).toBeUndefined();
  });

  test('ends within a record, and knows it', () => {
    const buffer = bufferOf(100, 1000, '\n');
    buffer.add('one\ntwo', 'utf8');
    buffer.split(6);
    buffer.cut();
    expect(buffer.isCutWithinRecord).toBe(false);
    buffer.release({ reuse: true });
    buffer.cut();

    expect(buffer.isCutWithinRecord).toBe(true);
  });
});

describe('ChunkBuffer.setBarrier()', () => {
  test.each([
    { length: 5, taken: true },
    { length: 6, taken: false },
    { length: 7, taken: false },
  ])('makes addBehind() take $length bytes in front of a barrier: $taken', ({ length, taken }) => {
    const buffer = bufferOf(100);
    buffer.add('four', 'utf8');
    buffer.setBarrier(10);

    expect(buffer.addBehind(Buffer.alloc(length, 'x'))).toBe(taken);
    expect(buffer.byteLength).toBe(taken ? 4 + length : 4);
  });

  test('counts a string as the most bytes that it may have', () => {
    const buffer = bufferOf(100);
    buffer.add('four', 'utf8');
    buffer.setBarrier(10);

    expect(buffer.addBehind('ab')).toBe(false);
    expect(buffer.addBehind('a')).toBe(true);
  });

  test('stays at its offset when chunks are cut before it', () => {
    const buffer = bufferOf(100);
    buffer.add('four', 'utf8');
    buffer.setBarrier(10);
    cutAll(buffer);
    buffer.add('5', 'utf8');

    expect(buffer.addBehind(Buffer.from('67890'))).toBe(false);
    expect(buffer.addBehind(Buffer.from('6789'))).toBe(true);
  });

  test('refuses everything once it is passed, and nothing once it is lifted', () => {
    const buffer = bufferOf(100);
    buffer.add('four', 'utf8');
    buffer.setBarrier(0);
    expect(buffer.addBehind(Buffer.from('x'))).toBe(false);
    buffer.setBarrier(Number.POSITIVE_INFINITY);

    expect(buffer.addBehind(Buffer.from('x'))).toBe(true);
  });

  test('does not bind add()', () => {
    const buffer = bufferOf(100);
    buffer.setBarrier(2);
    buffer.add('beyond', 'utf8');

    expect(buffer.byteLength).toBe(6);
  });
});

describe('ChunkBuffer.recordsEnd', () => {
  test('is the end of what was added, where every byte is a record', () => {
    const buffer = bufferOf(100);
    expect(buffer.recordsEnd).toBe(0);
    buffer.add('abc', 'utf8');
    expect(buffer.recordsEnd).toBe(3);
    cutAll(buffer);

    expect(buffer.recordsEnd).toBe(3);
  });

  test('is the end of the last record in the filling chunk', () => {
    const buffer = bufferOf(100, 1000, '\n');
    buffer.add('abc', 'utf8');
    expect(buffer.recordsEnd).toBe(0);
    buffer.add('\nde', 'utf8');
    expect(buffer.recordsEnd).toBe(4);
    buffer.split(4);

    expect(buffer.recordsEnd).toBe(4);
  });

  test('is unknown from a cut within a record on, until that ends', () => {
    const buffer = bufferOf(100, 1000, '\r\n');
    buffer.add('one\r\ntw', 'utf8');
    cutAll(buffer);
    expect(buffer.recordsEnd).toBeUndefined();
    buffer.add('o\r', 'utf8');
    expect(buffer.recordsEnd).toBeUndefined();
    buffer.add('\nth', 'utf8');

    expect(buffer.recordsEnd).toBe(10);
  });
});

describe('ChunkBuffer.recordEndIn()', () => {
  test.each([
    { held: 'begun', bytes: 'ends\nmore\n', end: 5 },
    { held: 'begun', bytes: 'goes on', end: undefined },
    { held: 'one\nbegun', bytes: '\n', end: 1 },
  ])('is $end for "$bytes" behind "$held"', ({ held, bytes, end }) => {
    const buffer = bufferOf(100, 1000, '\n');
    buffer.add(held, 'utf8');

    expect(buffer.recordEndIn(Buffer.from(bytes))).toBe(end);
  });

  test('looks across what is held, and what has been cut', () => {
    const buffer = bufferOf(100, 1000, '<end>');
    buffer.add('begun<e', 'utf8');
    cutAll(buffer);
    buffer.add('n', 'utf8');

    expect(buffer.recordEndIn(Buffer.from('d>more'))).toBe(2);
    expect(buffer.recordEndIn(Buffer.from('x<end>'))).toBe(6);
  });
});

describe('ChunkBuffer.roomInChunk', () => {
  test.each([
    { taken: 0, room: 8 },
    { taken: 1, room: 7 },
    { taken: 7, room: 1 },
    { taken: 8, room: 8 },
  ])('is $room with $taken of 8 bytes taken', ({ taken, room }) => {
    const buffer = bufferOf(8, 32);
    buffer.add(Buffer.alloc(taken), 'utf8');

    expect(buffer.roomInChunk).toBe(room);
  });
});
