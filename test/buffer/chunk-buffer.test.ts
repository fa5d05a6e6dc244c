import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ChunkBuffer } from '../../src/buffer/chunk-buffer.js';
import { SlabPool } from '../../src/buffer/slab-pool.js';

type Addition = readonly [data: string | Uint8Array, encoding?: BufferEncoding];

afterEach(() => {
  vi.restoreAllMocks();
});

/** Adds all additions, cuts whenever a chunk is full, and returns copies of the chunks. */
function chunksOf(buffer: ChunkBuffer, additions: readonly Addition[]): Buffer[] {
  const chunks: Buffer[] = [];
  const cut = () => {
    chunks.push(Buffer.from(buffer.cut()));
    buffer.release({ reuse: true });
  };
  for (const [data, encoding = 'utf8'] of additions) {
    let rest = buffer.add(data, encoding);
    for (; rest !== undefined; rest = buffer.add(rest, 'utf8')) {
      expect(buffer.isFull).toBe(true);
      cut();
    }
    if (buffer.isFull) cut();
  }
  if (buffer.byteLength > 0) cut();
  return chunks;
}

function bytesOf(additions: readonly Addition[]): Buffer {
  return Buffer.concat(
    additions.map(([data, encoding]) =>
      typeof data === 'string' ? Buffer.from(data, encoding) : Buffer.from(data),
    ),
  );
}

/** Bytes 0, 1, 2, … that repeat after 251, a prime, so that shifted bytes differ. */
function run(length: number, first = 0): Buffer {
  return Buffer.from(Array.from({ length }, (_, i) => (first + i) % 251));
}

const held = (buffer: ChunkBuffer) => Buffer.concat(buffer.pieces);

const hex = (bytes: Buffer) => bytes.toString('hex');

/** Expects `additions` to come out unchanged for every chunk size and every offset. */
function expectUnchanged(additions: readonly Addition[]): void {
  const { byteLength } = bytesOf(additions);
  for (let chunkSize = 1; chunkSize <= byteLength + 4; chunkSize++) {
    for (let before = 0; before < Math.min(4, chunkSize); before++) {
      const all: Addition[] = [[run(before)], ...additions];
      const chunks = chunksOf(new ChunkBuffer({ chunkSize }), all);

      expect(hex(Buffer.concat(chunks))).toBe(hex(bytesOf(all)));
      expect(chunks.slice(0, -1).every((full) => full.byteLength === chunkSize)).toBe(true);
    }
  }
}

describe('ChunkBuffer.add()', () => {
  test.each<{ encoding: BufferEncoding; text: string }>([
    { encoding: 'utf8', text: 'plain aé߿ࠀ€\uffff😀\u{10ffff} end' },
    { encoding: 'utf-8', text: 'aé€😀' },
    { encoding: 'utf16le', text: 'aé€😀z' },
    { encoding: 'ucs2', text: 'aé€😀z' },
    { encoding: 'latin1', text: 'aé\u00ff\u0100€😀z' },
    { encoding: 'binary', text: 'aé\u00ff\u0100€😀z' },
    { encoding: 'ascii', text: 'a\u007f\u0080é€z' },
    { encoding: 'hex', text: '00017f80feff' },
    { encoding: 'base64', text: 'AAF/gP7/+w==' },
    { encoding: 'base64url', text: 'AAF_gP7_-w' },
  ])(
    'encodes $encoding as Buffer.from() does, at every offset around the end of a chunk',
    ({ encoding, text }) => {
      expectUnchanged([[text, encoding]]);
      expectUnchanged([
        [text, encoding],
        [text, encoding],
      ]);
    },
  );

  test.each<{ scenario: string; text: string; encoding: BufferEncoding }>([
    { scenario: 'characters of 2 bytes', text: 'éé', encoding: 'utf8' },
    { scenario: 'characters of 3 bytes', text: '€€', encoding: 'utf8' },
    { scenario: 'characters of 4 bytes', text: '😀😀', encoding: 'utf8' },
    { scenario: 'a lone high surrogate at the end', text: 'ab\ud83d', encoding: 'utf8' },
    { scenario: 'a lone low surrogate at the start', text: '\ude00ab', encoding: 'utf8' },
    { scenario: 'surrogates in the wrong order', text: 'a\ude00\ud83db', encoding: 'utf8' },
    { scenario: 'lone surrogates only', text: '\ud83d\ud83d\ud83d', encoding: 'utf8' },
    { scenario: 'lone surrogates in UTF-16', text: 'a\ud83db\ude00', encoding: 'utf16le' },
    { scenario: 'hex of odd length', text: 'abcde', encoding: 'hex' },
    { scenario: 'hex that ends in the middle', text: 'abcdxxef', encoding: 'hex' },
    { scenario: 'a string without hex digits', text: 'zz', encoding: 'hex' },
    { scenario: 'one digit of hex', text: 'a', encoding: 'hex' },
    { scenario: 'base64 without padding', text: 'YWJjZA', encoding: 'base64' },
    { scenario: 'base64 with line breaks', text: 'YWJj\r\nZGVm\n', encoding: 'base64' },
    { scenario: 'base64 in the URL alphabet', text: '-_-_', encoding: 'base64' },
    { scenario: 'base64url in the common alphabet', text: '+/+/', encoding: 'base64url' },
    { scenario: 'base64 with text after its padding', text: 'YQ==YWJj', encoding: 'base64' },
    { scenario: 'a string without base64 digits', text: '!!!!', encoding: 'base64' },
  ])('encodes $scenario as Buffer.from() does', ({ text, encoding }) => {
    expectUnchanged([[text, encoding]]);
    expectUnchanged([
      ['xyz', 'latin1'],
      [text, encoding],
      [text, encoding],
    ]);
  });

  test.each([
    { kind: 'a Buffer', of: (bytes: Buffer): Uint8Array => bytes },
    { kind: 'a Uint8Array', of: (bytes: Buffer): Uint8Array => Uint8Array.from(bytes) },
    {
      kind: 'a view of a part of an ArrayBuffer',
      of: (bytes: Buffer): Uint8Array =>
        Uint8Array.from([9, 9, ...bytes, 9]).subarray(2, 2 + bytes.byteLength),
    },
  ])('accepts $kind', ({ of }) => {
    expectUnchanged([[of(run(9))], ['é'], [of(run(3, 100))]]);
  });

  test.each([
    { scenario: 'no bytes', length: 0 },
    { scenario: 'one byte', length: 1 },
    { scenario: 'one byte less than a chunk', length: 15 },
    { scenario: 'a chunk', length: 16 },
    { scenario: 'one byte more than a chunk', length: 17 },
    { scenario: 'three chunks', length: 48 },
  ])('returns additions of $scenario unchanged, as bytes and as text', ({ length }) => {
    const bytes = run(length);
    const text = 'x'.repeat(length);
    const additions: Addition[] = [[bytes], [text], [bytes], [text, 'latin1'], [text, 'utf16le']];

    expect(Buffer.concat(chunksOf(new ChunkBuffer({ chunkSize: 16 }), additions))).toEqual(
      bytesOf(additions),
    );
  });

  test.each([
    { length: 0, count: 0, isFull: false, rest: undefined },
    { length: 1, count: 1, isFull: false, rest: undefined },
    { length: 15, count: 15, isFull: false, rest: undefined },
    { length: 16, count: 16, isFull: true, rest: undefined },
    { length: 17, count: 16, isFull: true, rest: 1 },
    { length: 48, count: 16, isFull: true, rest: 32 },
  ])('accepts $count of $length bytes when a chunk has 16', ({ length, count, isFull, rest }) => {
    for (const data of [run(length), 'x'.repeat(length)]) {
      const buffer = new ChunkBuffer({ chunkSize: 16 });

      expect(buffer.add(data, 'utf8')?.byteLength).toBe(rest);
      expect(buffer.byteLength).toBe(count);
      expect(held(buffer)).toEqual(Buffer.from(data).subarray(0, count));
      expect(buffer.isFull).toBe(isFull);
    }
  });

  test('returns everything when nothing fits', () => {
    const buffer = new ChunkBuffer({ chunkSize: 4 });
    buffer.add('full', 'utf8');

    expect(buffer.add('é', 'utf8')).toEqual(Buffer.from('é'));
    expect(buffer.add('', 'utf8')).toBeUndefined();
    expect(buffer.add(new Uint8Array(0), 'utf8')).toBeUndefined();
    expect(held(buffer).toString()).toBe('full');
  });

  test('copies the bytes, so that the caller may overwrite its memory', () => {
    const buffer = new ChunkBuffer({ chunkSize: 8 });
    const bytes = Buffer.from('mine');
    buffer.add(bytes, 'utf8');
    bytes.fill(0);

    expect(held(buffer).toString()).toBe('mine');
  });

  test('preserves the bytes for any additions and cuts', () => {
    const encoding = fc.constantFrom<BufferEncoding>(
      ...(['utf8', 'utf16le', 'latin1', 'ascii', 'hex', 'base64', 'base64url', 'binary'] as const),
    );
    const addition: fc.Arbitrary<Addition> = fc.oneof(
      fc.tuple(fc.uint8Array({ maxLength: 40 })),
      fc.tuple(fc.string({ unit: 'binary', maxLength: 20 }), encoding),
      fc.tuple(
        fc.array(fc.constantFrom('\ud83d', '\ude00', 'a', 'é', '€', '😀')).map((a) => a.join('')),
        encoding,
      ),
    );
    const step = fc.oneof(
      { weight: 4, arbitrary: addition },
      fc.record({ cut: fc.constant(true), reuse: fc.boolean() }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 32 }), fc.array(step), (chunkSize, steps) => {
        const buffer = new ChunkBuffer({ chunkSize });
        const chunks: Buffer[] = [];
        const cut = (reuse: boolean) => {
          chunks.push(Buffer.from(buffer.cut()));
          buffer.release({ reuse });
        };
        const additions: Addition[] = [];
        for (const next of steps) {
          if ('cut' in next) {
            cut(next.reuse);
            continue;
          }
          additions.push(next);
          let rest = buffer.add(next[0], next[1] ?? 'utf8');
          for (; rest !== undefined; rest = buffer.add(rest, 'utf8')) cut(true);
        }
        cut(true);
        expect(hex(Buffer.concat(chunks))).toBe(hex(bytesOf(additions)));
      }),
      { numRuns: 300 },
    );
  });
});

describe('ChunkBuffer.cut()', () => {
  test('returns the bytes held, and holds none afterwards', () => {
    const buffer = new ChunkBuffer({ chunkSize: 8 });
    buffer.add('abc', 'utf8');

    expect(buffer.cut().toString()).toBe('abc');
    expect(buffer.byteLength).toBe(0);
    expect(held(buffer).byteLength).toBe(0);
    expect(buffer.isFull).toBe(false);
  });

  test('returns an empty chunk when no bytes are held', () => {
    const buffer = new ChunkBuffer({ chunkSize: 8 });

    expect(buffer.cut()).toEqual(Buffer.alloc(0));
    buffer.release({ reuse: true });
    expect(Buffer.concat(chunksOf(buffer, [['abc']])).toString()).toBe('abc');
  });

  test('does not change the chunk in flight while the other slab fills', () => {
    const buffer = new ChunkBuffer({ chunkSize: 8 });
    for (let round = 0; round < 6; round++) {
      buffer.add(run(8, round * 8), 'utf8');
      const inFlight = buffer.cut();
      const before = Buffer.from(inFlight);
      for (let offset = 0; offset < 8; offset++) {
        buffer.add(String(offset), 'utf8');
        expect(inFlight).toEqual(before);
      }
      buffer.add('more than there is room for', 'utf8');
      expect(inFlight).toEqual(before);

      buffer.release({ reuse: true });
      expect(buffer.cut().toString()).toBe('01234567');
      buffer.release({ reuse: true });
    }
  });

  test('throws, and loses no bytes, while another chunk is in flight', () => {
    const buffer = new ChunkBuffer({ chunkSize: 8 });
    buffer.add('first', 'utf8');
    const first = buffer.cut();
    buffer.add('second', 'utf8');

    expect(() => buffer.cut()).toThrow('Cannot cut a chunk while another is in flight');
    expect(first.toString()).toBe('first');
    buffer.release({ reuse: true });
    expect(buffer.cut().toString()).toBe('second');
  });
});

describe('ChunkBuffer.release()', () => {
  test('never overwrites the bytes of a slab that may not be reused', () => {
    const buffer = new ChunkBuffer({ chunkSize: 8 });
    buffer.add('reserved', 'utf8');
    const abandoned = buffer.cut();
    buffer.release({ reuse: false });
    const chunks = chunksOf(buffer, [[run(100)]]);

    expect(abandoned.toString()).toBe('reserved');
    expect(Buffer.concat(chunks)).toEqual(run(100));
  });
});

describe('ChunkBuffer with room for several chunks', () => {
  /** Chunks of 4 bytes, up to 10 bytes. */
  const create = () => new ChunkBuffer({ chunkSize: 4, limit: 10, pool: new SlabPool() });

  test('fills one chunk after the other up to its limit, and returns the rest', () => {
    for (const data of [Buffer.from('0123456789ab'), '0123456789ab']) {
      const buffer = create();

      expect(buffer.add(data, 'utf8')).toEqual(Buffer.from('ab'));
      expect(buffer.byteLength).toBe(10);
      expect(buffer.nextLength).toBe(4);
      expect(buffer.isFull).toBe(true);
      expect(buffer.pieces.map(String)).toEqual(['0123', '4567', '89']);
      expect(buffer.add('x', 'utf8')).toEqual(Buffer.from('x'));
    }
  });

  test('obeys the limit for text that would fit into the slab', () => {
    const pool = new SlabPool();
    pool.give(Buffer.alloc(64));
    const buffer = new ChunkBuffer({ chunkSize: 64, limit: 70, pool });
    buffer.add('x'.repeat(64), 'utf8');
    for (let added = 0; added < 6; added++) expect(buffer.add('y', 'utf8')).toBeUndefined();

    expect(buffer.add('z', 'utf8')).toEqual(Buffer.from('z'));
    expect(buffer.byteLength).toBe(70);
  });

  test('copies no large write while a chunk is full', () => {
    const size = 64 * 1024;
    const buffer = new ChunkBuffer({ chunkSize: size, limit: 2 * size });
    buffer.add(run(size), 'utf8');
    buffer.add('behind', 'utf8');
    const large = run(4096);

    expect(buffer.add(large, 'utf8')).toBe(large);
    expect(buffer.add(large.subarray(1), 'utf8')).toBeUndefined();
    buffer.cut();
    expect(buffer.add(large, 'utf8')).toBeUndefined();
  });

  test('cuts the oldest chunk first, and accepts more bytes then', () => {
    const buffer = create();
    buffer.add('0123456789', 'utf8');

    expect(buffer.cut().toString()).toBe('0123');
    expect(buffer.add('abcdef', 'utf8')?.toString()).toBe('ef');
    buffer.release({ reuse: true });
    expect(buffer.cut().toString()).toBe('4567');
    buffer.release({ reuse: true });
    expect(buffer.cut().toString()).toBe('89ab');
    buffer.release({ reuse: true });
    expect(buffer.add('ef', 'utf8')).toBeUndefined();
    expect(buffer.cut().toString()).toBe('cdef');
  });

  test('preserves the bytes for any additions, cuts and limits', () => {
    const addition = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.string({ unit: 'binary', maxLength: 20 }),
    );
    const step = fc.oneof({ weight: 3, arbitrary: addition }, fc.constant('cut' as const));
    const sizes = fc.record({ chunkSize: fc.integer({ min: 1, max: 32 }), more: fc.nat(100) });
    fc.assert(
      fc.property(sizes, fc.array(step), ({ chunkSize, more }, steps) => {
        const buffer = new ChunkBuffer({
          chunkSize,
          limit: chunkSize + more,
          pool: new SlabPool(),
        });
        const chunks: Buffer[] = [];
        const cut = () => {
          const chunk = buffer.cut();
          expect(chunk.byteLength).toBeLessThanOrEqual(chunkSize);
          chunks.push(Buffer.from(chunk));
          buffer.release({ reuse: true });
        };
        const added: Buffer[] = [];
        for (const next of steps) {
          if (next === 'cut') {
            cut();
            continue;
          }
          added.push(Buffer.from(next));
          let rest = buffer.add(next, 'utf8');
          for (; rest !== undefined; rest = buffer.add(rest, 'utf8')) {
            expect(buffer.byteLength).toBe(chunkSize + more);
            cut();
          }
          expect(buffer.byteLength).toBeLessThanOrEqual(chunkSize + more);
        }
        while (buffer.byteLength > 0) cut();
        expect(hex(Buffer.concat(chunks))).toBe(hex(Buffer.concat(added)));
      }),
      { numRuns: 300 },
    );
  });
});

describe('memory of a ChunkBuffer', () => {
  const kibibyte = 1024;

  const allocations = () => {
    const sizes: number[] = [];
    const allocate = Buffer.allocUnsafeSlow;
    vi.spyOn(Buffer, 'allocUnsafeSlow').mockImplementation((size) => {
      sizes.push(size);
      return allocate(size);
    });
    return sizes;
  };

  test('is not allocated before the first byte', () => {
    const sizes = allocations();
    const buffer = new ChunkBuffer({ chunkSize: 2 ** 30, limit: 2 ** 30, pool: new SlabPool() });
    buffer.add('', 'utf8');
    buffer.add(new Uint8Array(0), 'utf8');
    buffer.cut();

    expect(sizes).toEqual([]);
  });

  test('stays small while little is written', () => {
    const sizes = allocations();
    const buffer = new ChunkBuffer({
      chunkSize: 4 * 2 ** 20,
      limit: 4 * 2 ** 20,
      pool: new SlabPool(),
    });
    for (let round = 0; round < 20; round++) {
      for (let line = 0; line < 100; line++) buffer.add('a line of a log\n', 'utf8');
      expect(buffer.cut().byteLength).toBe(1600);
      buffer.release({ reuse: true });
    }

    expect(sizes).toEqual([16 * kibibyte]);
  });

  test('doubles up to the size of a chunk, and returns smaller slabs to the pool', () => {
    const sizes = allocations();
    const pool = new SlabPool();
    const buffer = new ChunkBuffer({ chunkSize: 100 * kibibyte, limit: 100 * kibibyte, pool });
    const bytes = run(100 * kibibyte);
    for (let start = 0; start < bytes.byteLength; start += 1000) {
      expect(buffer.add(bytes.subarray(start, start + 1000), 'utf8')).toBeUndefined();
    }

    expect(sizes).toEqual([16, 32, 64, 100].map((size) => size * kibibyte));
    expect(pool.byteLength).toBe((16 + 32 + 64) * kibibyte);
    expect(held(buffer).equals(bytes)).toBe(true);
  });

  test('starts with the size of the last chunk', () => {
    const buffer = new ChunkBuffer({ chunkSize: 2 ** 20, limit: 2 ** 20, pool: new SlabPool() });
    for (const byteLength of [100 * kibibyte, 90 * kibibyte]) {
      const sizes = allocations();
      for (let added = 0; added < byteLength; added += 1024) buffer.add(run(1024), 'utf8');
      buffer.cut();
      // Not returned to the pool, so that the next slab is allocated.
      buffer.release({ reuse: false });
      if (byteLength === 90 * kibibyte) expect(sizes).toEqual([128 * kibibyte]);
      vi.restoreAllMocks();
    }
  });

  test('is not larger than a chunk if chunks are small', () => {
    const sizes = allocations();
    const additions: Addition[] = [['a longer text'], [run(50)], ['é'.repeat(50)]];
    chunksOf(new ChunkBuffer({ chunkSize: 5, limit: 5, pool: new SlabPool() }), additions);

    expect(sizes).toEqual([5]);
  });

  test('is reused in steady traffic without new allocations', () => {
    const chunkSize = 100 * kibibyte;
    const buffer = new ChunkBuffer({ chunkSize, limit: chunkSize, pool: new SlabPool() });
    const bytes = run(chunkSize);
    const fill = (data: string | Uint8Array) => {
      buffer.add(data, 'utf8');
      buffer.release({ reuse: true });
      expect(buffer.cut().byteLength).toBe(chunkSize);
    };
    fill(bytes);
    fill(bytes);
    fill(bytes);
    const sizes = allocations();
    for (let round = 0; round < 10; round++) {
      fill(bytes);
      fill('x'.repeat(chunkSize));
      fill(`${'€'.repeat(chunkSize / 4)}${'x'.repeat(chunkSize / 4)}`);
    }

    expect(sizes).toEqual([]);
  });

  test('is returned by an empty buffer, for another one to use', () => {
    const pool = new SlabPool();
    const [first, second] = [
      new ChunkBuffer({ chunkSize: 16, limit: 16, pool }),
      new ChunkBuffer({ chunkSize: 16, limit: 16, pool }),
    ];
    first.add(run(16), 'utf8');
    const slab = first.cut().buffer;
    first.release({ reuse: true });
    expect(pool.byteLength).toBe(16);
    second.add(run(16), 'utf8');

    expect(second.cut().buffer).toBe(slab);
    expect(pool.byteLength).toBe(0);
  });

  test('is not returned to the pool if it may not be reused', () => {
    const pool = new SlabPool();
    const buffer = new ChunkBuffer({ chunkSize: 16, limit: 16, pool });
    buffer.add(run(16), 'utf8');
    buffer.cut();
    buffer.release({ reuse: false });

    expect(pool.byteLength).toBe(0);
  });

  test('is kept by the buffer if it is too large for the pool', () => {
    const chunkSize = 64 * 2 ** 20;
    const pool = new SlabPool();
    const buffer = new ChunkBuffer({ chunkSize, limit: chunkSize, pool });
    buffer.add(Buffer.alloc(chunkSize), 'utf8');
    const slab = buffer.cut().buffer;
    buffer.release({ reuse: true });
    buffer.add(Buffer.alloc(chunkSize), 'utf8');

    expect(buffer.cut().buffer).toBe(slab);
    expect(pool.byteLength).toBe(0);
  });

  test('is not used twice at a time if it is too large for the pool', () => {
    const pool = new SlabPool();
    vi.spyOn(pool, 'give').mockReturnValue(false);
    const buffer = new ChunkBuffer({ chunkSize: 16, limit: 32, pool });
    const fill = (first: number) => buffer.add(run(16, first), 'utf8');
    fill(0);
    buffer.cut();
    buffer.release({ reuse: true });
    for (let round = 1; round < 5; round++) {
      fill(round * 20);
      const inFlight = buffer.cut();
      fill(round * 20 + 100);
      expect(hex(inFlight)).toBe(hex(run(16, round * 20)));
      buffer.release({ reuse: true });
      expect(hex(buffer.cut())).toBe(hex(run(16, round * 20 + 100)));
      buffer.release({ reuse: true });
    }
  });
});
