import { describe, expect, test } from 'vitest';
import { SlabPool } from '../../src/buffer/slab-pool.js';

const mebibyte = 2 ** 20;

describe('SlabPool', () => {
  test('returns a slab of the requested size, the latest first', () => {
    const pool = new SlabPool();
    const slabs = [Buffer.alloc(8), Buffer.alloc(16), Buffer.alloc(8)] as const;
    for (const slab of slabs) expect(pool.give(slab)).toBe(true);

    expect(pool.take(8)).toBe(slabs[2]);
    expect(pool.take(8)).toBe(slabs[0]);
    expect(pool.take(16)).toBe(slabs[1]);
    expect(pool.byteLength).toBe(0);
  });

  test('allocates a slab of a size that it does not have', () => {
    const pool = new SlabPool();
    pool.give(Buffer.alloc(16));

    expect(pool.take(8).byteLength).toBe(8);
    expect(pool.byteLength).toBe(16);
  });

  test('keeps at most 32 MiB, and drops the slabs that were returned first', () => {
    const pool = new SlabPool();
    const slabs = Array.from({ length: 9 }, () => Buffer.alloc(4 * mebibyte));
    for (const slab of slabs) pool.give(slab);

    expect(pool.byteLength).toBe(32 * mebibyte);
    for (const slab of slabs.slice(1).toReversed()) {
      // By identity, because comparing their bytes takes minutes.
      expect(pool.take(4 * mebibyte) === slab).toBe(true);
    }
    expect(pool.byteLength).toBe(0);
  });

  test('drops many small slabs for a large one', () => {
    const pool = new SlabPool();
    for (let count = 0; count < 2048; count++) pool.give(Buffer.alloc(16 * 1024));
    pool.give(Buffer.alloc(4 * mebibyte));

    expect(pool.byteLength).toBe(32 * mebibyte);
    pool.take(4 * mebibyte);
    expect(pool.byteLength).toBe(28 * mebibyte);
  });

  test('does not keep a slab that is larger than its maximum', () => {
    const pool = new SlabPool();

    expect(pool.give(Buffer.alloc(32 * mebibyte + 1))).toBe(false);
    expect(pool.byteLength).toBe(0);
  });
});
