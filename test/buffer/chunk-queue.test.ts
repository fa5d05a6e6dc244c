import { expect, test } from 'vitest';
import { ChunkQueue } from '../../src/buffer/chunk-queue.js';

/** A chunk that fills a part of its slab. */
function separated(text: string, capacity: number) {
  const slab = Buffer.alloc(capacity);
  slab.write(text);
  return { slab, chunk: slab.subarray(0, text.length), isWithinRecord: false };
}

test('an empty ChunkQueue holds nothing', () => {
  const queue = new ChunkQueue();

  expect(queue).toMatchObject({ count: 0, byteLength: 0, memory: 0, pieces: [] });
  expect(queue.nextLength).toBeUndefined();
  expect(queue.shift()).toBeUndefined();
  expect(queue).toMatchObject({ count: 0, byteLength: 0, memory: 0 });
});

test('a ChunkQueue counts bytes and slabs, and returns the oldest chunk first', () => {
  const queue = new ChunkQueue();
  const [first, second] = [separated('one', 16), separated('three', 8)];
  queue.push(first);
  queue.push(second);

  expect(queue).toMatchObject({ count: 2, byteLength: 8, memory: 24, nextLength: 3 });
  expect(queue.pieces.map(String)).toEqual(['one', 'three']);
  expect(queue.pieces[0]?.buffer).toBe(first.slab.buffer);

  expect(queue.shift()).toBe(first);
  expect(queue).toMatchObject({ count: 1, byteLength: 5, memory: 8, nextLength: 5 });
  expect(queue.shift()).toBe(second);
  expect(queue).toMatchObject({ count: 0, byteLength: 0, memory: 0 });
});
