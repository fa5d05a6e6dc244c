import { Readable, Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Source } from '../../../src/cli/run/source.js';
import { SourcePump } from '../../../src/cli/run/source-pump.js';

/** A source of pieces that come one by one, and go on for ever. */
function sourceOf(...pieces: string[]): Source & { readonly stream: Readable } {
  const stream = new Readable({ read() {} });
  for (const piece of pieces) stream.push(piece);
  const open = async () => ({ stream, file: undefined });
  return { name: 'source', hasWriter: true, stream, open };
}

/** A destination that takes what it is given and never wants more. */
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
  test('passes on what has been read and not asked for yet, and knows where it came from', async () => {
    const source = sourceOf('aaaa', 'bbbb', 'cccc');
    const full = createFull();
    const feed = new SourcePump([source], [full.stream]);
    const running = feed.run();
    await nextTurn();
    expect(full.taken()).toBe('aaaa');

    feed.stop();
    await running;

    expect(full.taken()).toBe('aaaabbbbcccc');
    expect(feed.untaken).toHaveLength(0);
    expect(source.stream.destroyed).toBe(true);
    expect(feed.rangesFrom(9)).toEqual([{ name: 'source', start: 9, end: 12, file: undefined }]);
    expect(feed.rangesFrom(12)).toEqual([]);
  });

  test('keeps what a destination that has ended does not take', async () => {
    const full = createFull();
    const feed = new SourcePump([sourceOf('aaaa', 'bbbb')], [full.stream]);
    const running = feed.run();
    await nextTurn();
    full.stream.destroy();

    feed.stop();
    await running;

    expect(String(feed.untaken)).toBe('bbbb');
    expect(feed.rangesFrom(4)).toEqual([{ name: 'source', start: 4, end: 8, file: undefined }]);
  });

  test('before anything is open reads nothing', async () => {
    const source = sourceOf('aaaa');
    const full = createFull();
    const feed = new SourcePump([source], [full.stream]);

    feed.stop();
    await feed.run();

    expect(full.taken()).toBe('');
    expect(feed.rangesFrom(0)).toEqual([]);
    expect(feed.unread).toEqual([{ name: 'source', start: 0 }]);
  });
});
