import { describe, expect, test, vi } from 'vitest';
import { type Doubt, FrozenChunk } from '../../../src/append/delivery/frozen-chunk.js';
import { loadCrc64 } from '../../../src/crc64.js';

const crc64 = await loadCrc64();
const doubts: readonly Doubt[] = ['none', 'conflict', 'unknown', 'unanswered'];
const before = Buffer.from('before');
const object = { key: 'a.log', position: 6, crc64: crc64(before), exists: true };

function chunkIn(doubt: Doubt, compute = crc64): FrozenChunk {
  const chunk = new FrozenChunk(object, Buffer.from('the chunk'), compute);
  chunk.raiseDoubt(doubt);
  return chunk;
}

describe('FrozenChunk.raiseDoubt()', () => {
  test.each(
    doubts.flatMap((from, less) =>
      doubts.map((to, more) => ({ from, to, after: less > more ? from : to })),
    ),
  )('leads from $from to $after when called with $to', ({ from, to, after }) => {
    const chunk = chunkIn(from);
    chunk.raiseDoubt(to);

    expect(chunk.doubt).toBe(after);
  });
});

describe('FrozenChunk.mayHaveLanded', () => {
  test.each([
    { doubt: 'none', expected: false },
    { doubt: 'unknown', expected: true },
    { doubt: 'unanswered', expected: true },
  ] as const)('is $expected when the doubt is $doubt', ({ doubt, expected }) => {
    expect(chunkIn(doubt).mayHaveLanded).toBe(expected);
  });
});

describe('FrozenChunk.notCommitted()', () => {
  test.each([
    { doubt: 'none', after: 'none' },
    { doubt: 'conflict', after: 'none' },
    { doubt: 'unknown', after: 'none' },
    { doubt: 'unanswered', after: 'unanswered' },
  ] as const)('turns the doubt $doubt into $after', ({ doubt, after }) => {
    const chunk = chunkIn(doubt);
    chunk.notCommitted(object);

    expect(chunk.doubt).toBe(after);
  });

  test('adopts the state of the object, and keeps the bytes', () => {
    const chunk = new FrozenChunk(
      { key: 'a.log', position: 0, crc64: 0n, exists: false },
      Buffer.from('the chunk'),
      crc64,
    );
    chunk.notCommitted({ key: 'a.log', position: 0, crc64: 0n, exists: true });

    expect(chunk.target).toEqual({ key: 'a.log', position: 0, crc64: 0n, exists: true });
    expect(chunk.bytes.toString()).toBe('the chunk');
  });
});

describe('FrozenChunk.conflicted()', () => {
  test.each([
    { scenario: 'the confirmed length of the object', actualLength: 6, after: 'none' },
    { scenario: 'another length', actualLength: 15, after: 'unanswered' },
    { scenario: 'no length', actualLength: undefined, after: 'unanswered' },
  ] as const)(
    'with $scenario, leads to the doubt $after once the object lacks the chunk',
    ({ actualLength, after }) => {
      const chunk = chunkIn('none');
      chunk.conflicted(actualLength);
      expect(chunk.doubt).toBe('conflict');

      chunk.notCommitted(object);
      expect(chunk.doubt).toBe(after);
    },
  );

  test('leaves no doubt once another writer is found to have appended', () => {
    const chunk = chunkIn('none');
    chunk.conflicted(15);
    chunk.diverged();

    expect(chunk.doubt).toBe('none');
  });

  test('does not apply to the rest once a part has been committed', () => {
    const chunk = chunkIn('none');
    chunk.conflicted(10);
    chunk.committed(4, 42n);
    chunk.notCommitted(chunk.target);

    expect(chunk.doubt).toBe('none');
  });
});

describe('FrozenChunk.diverged()', () => {
  test.each([
    { doubt: 'none', isAbsent: false, after: 'none' },
    { doubt: 'conflict', isAbsent: false, after: 'none' },
    { doubt: 'unknown', isAbsent: false, after: 'unknown' },
    { doubt: 'unanswered', isAbsent: false, after: 'unanswered' },
    { doubt: 'none', isAbsent: true, after: 'none' },
    { doubt: 'conflict', isAbsent: true, after: 'none' },
    { doubt: 'unknown', isAbsent: true, after: 'none' },
    { doubt: 'unanswered', isAbsent: true, after: 'none' },
  ] as const)(
    'turns the doubt $doubt into $after if the bytes are known to be others: $isAbsent',
    ({ doubt, isAbsent, after }) => {
      const chunk = chunkIn(doubt);
      chunk.diverged(isAbsent);

      expect(chunk.doubt).toBe(after);
    },
  );
});

describe('FrozenChunk.refusedForGood()', () => {
  test.each(doubts)('clears the doubt %s, and keeps bytes and place', (doubt) => {
    const chunk = chunkIn(doubt);
    chunk.refusedForGood();

    expect(chunk.doubt).toBe('none');
    expect(chunk.mayHaveLanded).toBe(false);
    expect(chunk.bytes.toString()).toBe('the chunk');
    expect(chunk.target).toEqual(object);
  });
});

describe('FrozenChunk.isUnconfirmed', () => {
  test.each([
    { doubt: 'none', expected: false },
    { doubt: 'conflict', expected: false },
    { doubt: 'unknown', expected: true },
    { doubt: 'unanswered', expected: true },
  ] as const)('is $expected when the doubt is $doubt', ({ doubt, expected }) => {
    expect(chunkIn(doubt).isUnconfirmed).toBe(expected);
  });
});

describe('FrozenChunk.committed()', () => {
  test.each(doubts)('removes the part from the front and clears the doubt %s', (doubt) => {
    const chunk = chunkIn(doubt);
    chunk.committed(4, 42n);

    expect(chunk.bytes.toString()).toBe('chunk');
    expect(chunk.target).toEqual({ key: 'a.log', position: 10, crc64: 42n, exists: true });
    expect(chunk.doubt).toBe('none');
  });

  test('leaves no bytes once the whole chunk is committed', () => {
    const chunk = chunkIn('none');
    chunk.committed(9, undefined);

    expect(chunk.bytes.byteLength).toBe(0);
    expect(chunk.target).toEqual({ key: 'a.log', position: 15, crc64: undefined, exists: true });
  });

  test('leads to a new checksum, of the rest', () => {
    const chunk = chunkIn('none');
    chunk.checksum();
    chunk.committed(4, crc64(Buffer.from('beforethe ')));

    expect(chunk.checksum()).toBe(crc64(Buffer.from('chunk')));
    expect(chunk.crc64After()).toBe(crc64(Buffer.from('beforethe chunk')));
  });
});

describe('FrozenChunk.checksum()', () => {
  test('is computed once', () => {
    const compute = vi.fn(crc64);
    const chunk = chunkIn('none', compute);

    expect(compute).not.toHaveBeenCalled();
    expect([chunk.checksum(), chunk.checksum(), chunk.crc64After()].slice(0, 2)).toEqual([
      crc64(Buffer.from('the chunk')),
      crc64(Buffer.from('the chunk')),
    ]);
    expect(compute).toHaveBeenCalledOnce();
  });

  test('is computed once when it is zero', () => {
    const compute = vi.fn(() => 0n);
    const chunk = chunkIn('none', compute);
    chunk.checksum();
    chunk.checksum();

    expect(compute).toHaveBeenCalledOnce();
  });
});

describe('FrozenChunk.crc64After()', () => {
  test('is the checksum of the whole object', () => {
    expect(chunkIn('none').crc64After()).toBe(crc64(Buffer.from('beforethe chunk')));
  });

  test('treats a checksum of zero before the chunk as a value', () => {
    const chunk = new FrozenChunk(
      { key: 'a.log', position: 0, crc64: 0n, exists: false },
      Buffer.from('abc'),
      crc64,
    );

    expect(chunk.crc64After()).toBe(crc64(Buffer.from('abc')));
  });

  test('is undefined if the checksum before the chunk is unknown', () => {
    const chunk = new FrozenChunk({ ...object, crc64: undefined }, Buffer.from('abc'), crc64);

    expect(chunk.crc64After()).toBeUndefined();
  });
});

describe('FrozenChunk.isAcceptedBy()', () => {
  test.each([
    { scenario: 'the position after the chunk', receipt: { nextPosition: 15 }, expected: true },
    { scenario: 'the position of the chunk', receipt: { nextPosition: 6 }, expected: false },
    { scenario: 'one byte less', receipt: { nextPosition: 14 }, expected: false },
    { scenario: 'one byte more', receipt: { nextPosition: 16 }, expected: false },
    { scenario: 'no number', receipt: { nextPosition: Number.NaN }, expected: false },
    { scenario: 'no receipt', receipt: undefined, expected: false },
  ])('is $expected for $scenario', ({ receipt, expected }) => {
    expect(chunkIn('none').isAcceptedBy(receipt)).toBe(expected);
  });
});
