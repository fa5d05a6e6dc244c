import { expect, test } from 'vitest';
import { chunksOf } from '../harness/ready-chunks.js';
import { makeSource } from '../harness/source.js';

const source = { source: 'buffers', pieceLength: 1000 } as const;
const { period } = makeSource(source);

// Less than, as much as and more than a period, which has 65,000 bytes.
test.each([1000, 64_999, 65_000, 65_001, 200_000])(
  'chunksOf() cuts whole periods into chunks of %i bytes',
  (chunkSize) => {
    const chunks = [...chunksOf({ ...source, byteLength: 140_000, chunkSize })];

    expect(Buffer.concat(chunks).equals(Buffer.concat([period, period]))).toBe(true);
    expect(chunks.slice(0, -1).every(({ length }) => length === chunkSize)).toBe(true);
  },
);
