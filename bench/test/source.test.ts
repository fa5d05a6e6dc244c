import { describe, expect, test } from 'vitest';
import { makeSource, type SourceSetting, wholePeriods } from '../harness/source.js';

const shortest = { bare: 8, json: 37 };

const kinds: readonly Omit<SourceSetting, 'pieceLength'>[] = [
  { source: 'ascii' },
  { source: 'multi-byte' },
  { source: 'ascii', format: 'json' },
  { source: 'multi-byte', format: 'json' },
];

describe('makeSource()', () => {
  test.each(kinds)('makes lines of exactly the requested length, $source $format', (kind) => {
    const least = shortest[kind.format ?? 'bare'];
    // Every remainder by a character of three bytes, and the lengths of the benchmarks.
    const lengths = [...Array.from({ length: 12 }, (_, index) => least + index), 200, 1024, 5000];
    for (const pieceLength of lengths) {
      const { pieces } = makeSource({ ...kind, pieceLength });
      const found = new Set(pieces.map((piece) => Buffer.byteLength(piece)));
      expect(found).toEqual(new Set([pieceLength]));
    }
  });

  test.each(kinds)('makes lines that end once and differ, $source $format', (kind) => {
    const { pieces } = makeSource({ ...kind, pieceLength: 200 });

    expect(new Set(pieces).size).toBe(327);
    expect(pieces.every((piece) => /^[^\n]+\n$/.test(String(piece)))).toBe(true);
  });

  test.each(kinds)('refuses lines that have no room for their number, $source $format', (kind) => {
    const pieceLength = shortest[kind.format ?? 'bare'] - 1;

    expect(() => makeSource({ ...kind, pieceLength })).toThrow(RangeError);
  });

  test.each([
    { source: 'ascii', hasMore: false },
    { source: 'multi-byte', hasMore: true },
  ] as const)('makes $source text with or without multi-byte characters', ({ source, hasMore }) => {
    const [line] = makeSource({ source, pieceLength: 200 }).pieces;

    expect(Buffer.byteLength(String(line)) > String(line).length).toBe(hasMore);
  });

  test('writes JSON as loggers do', () => {
    const [line] = makeSource({ source: 'ascii', pieceLength: 58, format: 'json' }).pieces;

    expect(line).toBe('{"level":"info","message":"000000 The quick brown fox j"}\n');
  });

  test.each([1, 1000, 65_536, 100_000])('makes Buffers of %i bytes', (pieceLength) => {
    const { pieces } = makeSource({ source: 'buffers', pieceLength });

    expect(new Set(pieces.map(({ length }) => length))).toEqual(new Set([pieceLength]));
  });

  test('has the bytes of all pieces, in order, as its period', () => {
    const { pieces, period } = makeSource({ source: 'multi-byte', pieceLength: 1000 });

    expect(String(period)).toBe(pieces.join(''));
  });

  test('makes the same source for the same setting', () => {
    const setting = { source: 'buffers', pieceLength: 1000 } as const;

    expect(makeSource(setting).period.equals(makeSource(setting).period)).toBe(true);
  });
});

test.each([
  { byteLength: 0, writes: 0 },
  { byteLength: 1, writes: 327 },
  { byteLength: 65_400, writes: 327 },
  { byteLength: 130_799, writes: 327 },
  { byteLength: 130_800, writes: 654 },
])('wholePeriods() makes $writes writes of $byteLength bytes', ({ byteLength, writes }) => {
  const source = makeSource({ source: 'ascii', pieceLength: 200 });

  expect(wholePeriods(source, byteLength)).toBe(writes);
});
