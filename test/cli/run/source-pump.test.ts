import { Readable, Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Source } from '../../../src/cli/run/source.js';
import { SourcePump } from '../../../src/cli/run/source-pump.js';

/** A source that yields `pieces` one by one and never ends. */
function sourceOf(...pieces: string[]): Source & { readonly stream: Readable } {
  const stream = new Readable({ read() {} });
  for (const piece of pieces) stream.push(piece);
  const open = async () => ({ stream, file: undefined });
  return { name: 'source', hasWriter: true, stream, open };
}

/** A destination that accepts every write and never drains. */
function createFull(): { readonly taken: () => string; readonly stream: Writable } {
  const pieces: string[] = [];
  const stream = new Writable({
    highWaterMark: 1,
    write(piece) {
      pieces.push(String(piece));
    },
    writev(chunks) {
      for (const { chunk } of chunks) pieces.push(String(chunk));
    },
  });
  const queued = () => Reflect.get(stream, 'writableBuffer').map(({ chunk }: never) => chunk);
  return { taken: () => [...pieces, ...queued()].join(''), stream };
}

describe('SourcePump.stop()', () => {
  test('writes bytes already read despite backpressure, and knows their source', async () => {
    const source = sourceOf('aaaa', 'bbbb', 'cccc');
    const full = createFull();
    const pump = new SourcePump([source], [full.stream]);
    const running = pump.run();
    await nextTurn();
    expect(full.taken()).toBe('aaaa');

    pump.stop();
    await running;

    expect(full.taken()).toBe('aaaabbbbcccc');
    expect(pump.untaken).toHaveLength(0);
    expect(source.stream.destroyed).toBe(true);
    expect(pump.rangesFrom(9)).toEqual([{ name: 'source', start: 9, end: 12, file: undefined }]);
    expect(pump.rangesFrom(12)).toEqual([]);
  });

  test('keeps the bytes that an ended destination does not accept', async () => {
    const full = createFull();
    const pump = new SourcePump([sourceOf('aaaa', 'bbbb')], [full.stream]);
    const running = pump.run();
    await nextTurn();
    full.stream.destroy();

    pump.stop();
    await running;

    expect(String(pump.untaken)).toBe('bbbb');
    expect(pump.rangesFrom(4)).toEqual([{ name: 'source', start: 4, end: 8, file: undefined }]);
  });

  test('before run() reads nothing', async () => {
    const source = sourceOf('aaaa');
    const full = createFull();
    const pump = new SourcePump([source], [full.stream]);

    pump.stop();
    await pump.run();

    expect(full.taken()).toBe('');
    expect(pump.rangesFrom(0)).toEqual([]);
    expect(pump.unread).toEqual([{ name: 'source', start: 0 }]);
  });
});
