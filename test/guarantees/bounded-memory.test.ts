import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect, test } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import { openStream } from '../helpers/open-stream.js';
import { startRelay } from '../helpers/relay.js';

const kibibyte = 1024;

test.each([
  { scenario: 'small pieces', chunkSize: 64 * kibibyte, highWaterMark: 512 * kibibyte, piece: 100 },
  { scenario: 'large pieces', chunkSize: 64 * kibibyte, highWaterMark: 512 * kibibyte, piece: 2e5 },
  {
    scenario: 'the smallest bound',
    chunkSize: 4 * kibibyte,
    highWaterMark: 8 * kibibyte,
    piece: 999,
  },
])(
  'an endless source buffers no more than the bound while the server stalls, and all of it is stored: $scenario',
  async ({ chunkSize, highWaterMark, piece }) => {
    await using emulator = await startEmulator();
    await using relay = await startRelay(emulator.endpoint);
    const stream = openStream(emulator, 'a.log', {
      endpoint: relay.endpoint,
      chunkSize,
      highWaterMark,
    });
    let produced = 0;
    let isEnough = false;
    const source = Readable.from(
      (function* () {
        while (!isEnough) {
          produced += piece;
          yield Buffer.alloc(piece, produced & 255);
        }
      })(),
      { objectMode: false, highWaterMark: 1 },
    );
    await once(stream, 'ready');
    relay.stall();
    const done = pipeline(source, stream);
    await quiet(() => produced);
    const held = stream.writableLength;
    const bound = Math.max(highWaterMark, 2 * chunkSize + 64 * kibibyte) + piece;
    const producedWhileStalled = produced;

    expect(held).toBeGreaterThan(2 * chunkSize);
    expect(held).toBeLessThanOrEqual(bound);
    expect(stream.stats.bytesAccepted - stream.bytesWritten).toBeLessThanOrEqual(bound);

    relay.resume();
    await once(stream, 'commit');
    isEnough = true;
    await done;

    expect(produced).toBeGreaterThanOrEqual(producedWhileStalled);
    expect(stream.bytesWritten).toBe(produced);
    expect(await emulator.read('examplebucket', 'a.log')).toHaveLength(produced);
  },
);

/** Resolves when `value` has stopped changing. */
async function quiet(value: () => number): Promise<void> {
  for (let unchanged = 0, last = value(); unchanged < 20; ) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    unchanged = value() === last ? unchanged + 1 : 0;
    last = value();
  }
}
