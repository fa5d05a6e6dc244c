import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { loadCrc64 } from '../../../src/crc64.js';
import { type ReadBodyOptions, readBody } from '../../../src/emulator/protocol/request-body.js';
import { SlabPool } from '../../../src/emulator/storage/slab-pool.js';

const crc64 = await loadCrc64();
const slabSize = 4 * 2 ** 20;

/** A request whose body arrives piece by piece; without `length` it is chunked. */
function incomingOf(pieces: readonly Uint8Array[], length?: number): IncomingMessage {
  const incoming = new IncomingMessage(new Socket());
  if (length !== undefined) incoming.headers['content-length'] = String(length);
  void feed(incoming, pieces);
  return incoming;
}

async function feed(incoming: IncomingMessage, pieces: readonly Uint8Array[]): Promise<void> {
  for (const piece of pieces) {
    incoming.push(piece);
    await setImmediate();
  }
  incoming.complete = true;
  incoming.push(null);
}

function read(incoming: IncomingMessage, options: Partial<ReadBodyOptions> = {}) {
  const progress: number[] = [];
  const onProgress = (byteLength: number) => void progress.push(byteLength);
  const defaults = { crc64, slabs: new SlabPool(), limit: 2 ** 30, onProgress };
  return { body: readBody(incoming, { ...defaults, ...options }), progress };
}

describe('readBody()', () => {
  test.each([
    { scenario: 'in chunks, byte by byte', sizes: Array(5000).fill(1), length: undefined },
    { scenario: 'long, byte by byte', sizes: Array(20_000).fill(1), length: 20_000 },
    {
      scenario: 'longer than a slab',
      sizes: [slabSize - 1, 3, slabSize],
      length: 2 * slabSize + 2,
    },
    { scenario: 'as long as a slab', sizes: [65_536, slabSize - 65_536], length: undefined },
    { scenario: 'empty, in chunks', sizes: [], length: undefined },
  ])('stores a body that is $scenario in few pieces', async ({ sizes, length }) => {
    const pieces = sizes.map((size, index) => Buffer.alloc(size, `piece ${index}`));
    const bytes = Buffer.concat(pieces);
    const spy = vi.fn(crc64);
    const body = await read(incomingOf(pieces, length), { crc64: spy }).body;

    expect(spy.mock.calls.length).toBeLessThanOrEqual(bytes.byteLength / 65_536 + 1);
    expect(body.pieces.length).toBe(Math.ceil(bytes.byteLength / slabSize));
    expect(Buffer.concat(body.pieces).equals(bytes)).toBe(true);
    expect(body.byteLength).toBe(bytes.byteLength);
    expect(body.crc64).toBe(crc64(bytes));
  });

  test('reports progress for every byte as it arrives', async () => {
    const { body, progress } = read(incomingOf([Buffer.from('ab'), Buffer.from('c')]));
    await body;

    expect(progress.at(-1)).toBe(3);
  });

  test('refuses a chunked body at the first byte after the limit', async () => {
    const { body } = read(incomingOf([Buffer.from('abcd'), Buffer.from('e')]), { limit: 4 });

    await expect(body).rejects.toThrow('exceeds the maximum');
  });
});
