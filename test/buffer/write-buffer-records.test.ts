import { afterEach, describe, expect, test, vi } from 'vitest';
import { WriteBuffer } from '../../src/buffer/write-buffer.js';
import { useFakeTimers, useRealTimers } from '../helpers/fake-timers.js';
import { commitNext } from './commit-next.js';

afterEach(() => {
  useRealTimers();
});

/** A buffer of lines that was opened, the chunks that were due and are committed, and its callbacks. */
function createLines({ flushInterval = 1000, chunkSize = 16 } = {}) {
  useFakeTimers();
  const buffer = new WriteBuffer({
    chunkSize,
    limit: 2 * chunkSize,
    flushInterval,
    recordDelimiter: Buffer.from('\n'),
  });
  const chunks: string[] = [];
  const committed: string[] = [];
  buffer.serve(() => {
    while (buffer.isDue) {
      const chunk = buffer.cut();
      chunks.push(String(chunk));
      commitNext(buffer, chunk.byteLength);
      buffer.release({ reuse: true });
      buffer.resume();
    }
  });
  buffer.open('a.log', 0);
  const write = (text: string) => {
    buffer.announce((error) => committed.push(error === null ? text : error.message));
    buffer.accept(text, 'utf8', () => {});
  };
  /** As a write without a callback, which takes the short way if there is one. */
  const writeShort = (text: string) => {
    if (buffer.acceptAtOnce(text)) return 'short';
    buffer.announce();
    buffer.accept(text, 'utf8', () => {});
    return 'long';
  };
  return { buffer, chunks, committed, write, writeShort };
}

describe('a WriteBuffer with a record delimiter', () => {
  test('sends whole records after flushInterval, and keeps the unfinished one with its callback', async () => {
    const { buffer, chunks, committed, write } = createLines();
    write('one\n');
    write('two\nth');
    vi.advanceTimersByTime(1000);
    await vi.advanceTimersByTimeAsync(0);

    expect(chunks).toEqual(['one\ntwo\n']);
    expect(committed).toEqual(['one\n']);
    expect(buffer.bytesAccepted - buffer.bytesCommitted).toBe(2);
  });

  test('gives the unfinished record an interval of its own, from the cut on', () => {
    const { chunks, write } = createLines();
    write('one\ntw');
    vi.advanceTimersByTime(1000);
    write('o\n');
    vi.advanceTimersByTime(999);
    expect(chunks).toEqual(['one\n']);
    vi.advanceTimersByTime(1);

    expect(chunks).toEqual(['one\n', 'two\n']);
  });

  test('sends a record that was late as soon as it is whole, by whichever way its end comes', () => {
    const { chunks, writeShort } = createLines();
    writeShort('on');
    vi.advanceTimersByTime(5000);
    expect(chunks).toEqual([]);
    writeShort('e');
    expect(chunks).toEqual([]);
    writeShort('\ntw');

    expect(chunks).toEqual(['one\n']);
    // Once it has left, writes take the short way again.
    expect(writeShort('o')).toBe('short');
  });

  test('holds no timer while only an unfinished record waits longer than flushInterval', () => {
    const { write } = createLines();
    write('on');
    vi.advanceTimersByTime(1000);

    expect(vi.getTimerCount()).toBe(0);
  });

  test('sends each record at once with flushInterval 0, and an unfinished one with its end', async () => {
    const { chunks, write } = createLines({ flushInterval: 0 });
    write('on');
    await vi.advanceTimersByTimeAsync(0);
    expect(chunks).toEqual([]);
    write('e\ntw');
    expect(chunks).toEqual(['one\n']);
    await vi.advanceTimersByTimeAsync(0);
    write('o\n');

    expect(chunks).toEqual(['one\n', 'two\n']);
  });

  test('commits an unfinished record too on flush(), and the rest of it when that is whole', async () => {
    const { buffer, chunks, write } = createLines();
    const flushed = vi.fn();
    write('one\ntw');
    buffer.flush(flushed);
    await vi.advanceTimersByTimeAsync(0);
    expect(chunks).toEqual(['one\ntw']);
    expect(flushed).toHaveBeenCalledWith(null, expect.anything());

    write('o');
    vi.advanceTimersByTime(1000);
    expect(chunks).toEqual(['one\ntw']);
    write('\nthr');
    expect(chunks).toEqual(['one\ntw', 'o\n']);
  });

  test('ends a chunk with a record where a flush began before its end', () => {
    const { buffer, chunks, write } = createLines();
    buffer.serve(() => {});
    write('one\n');
    buffer.flush(() => {});
    write('two\nth');

    expect(buffer.nextLength).toBe(8);
    expect(String(buffer.cut())).toBe('one\ntwo\n');
    expect(buffer.isDue).toBe(false);
    expect(chunks).toEqual([]);
  });

  test('sends everything when nothing more will be written', () => {
    const { buffer, write } = createLines();
    write('one\ntw');
    buffer.drain();

    expect(buffer.isDue).toBe(true);
    expect(String(buffer.cut())).toBe('one\ntw');
  });

  test('sends a record longer than a chunk in parts, and its end with the records behind it', () => {
    const { chunks, write } = createLines();
    write('longer than a chunk of 16\none\ntw');
    vi.advanceTimersByTime(1000);

    expect(chunks).toEqual(['longer than a ch', 'unk of 16\none\n']);
  });

  test('sends a late record whose beginning was behind a full chunk when its interval ended', () => {
    const { buffer, chunks, write, writeShort } = createLines({ chunkSize: 8 });
    buffer.serve(() => {});
    write('0123456789');
    vi.advanceTimersByTime(1000);
    expect(String(buffer.cut())).toBe('01234567');
    commitNext(buffer, 8);
    buffer.release({ reuse: true });
    buffer.serve(() => chunks.push(String(buffer.cut())));
    writeShort('ab');
    expect(chunks).toEqual([]);
    writeShort('c\n');

    expect(chunks).toEqual(['89abc\n']);
  });

  test('ends with the record that a flush ended with, and not with what follows', () => {
    const { buffer, write } = createLines();
    buffer.serve(() => {});
    write('one\n');
    buffer.flush(() => {});
    write('tw');

    expect(buffer.nextLength).toBe(4);
  });

  test('gives the rest of a waiting write an interval of its own', () => {
    const { buffer, chunks, write } = createLines({ chunkSize: 4 });
    buffer.serve(() => {});
    write('12345678ab');
    vi.advanceTimersByTime(1000);
    const send = () => {
      const chunk = buffer.cut();
      chunks.push(String(chunk));
      commitNext(buffer, chunk.byteLength);
      buffer.release({ reuse: true });
    };
    send();
    buffer.resume();
    send();
    buffer.resume();
    buffer.serve(send);
    vi.advanceTimersByTime(1000);
    write('\n');

    expect(chunks).toEqual(['1234', '5678', 'ab\n']);
  });
});

test.each([undefined, Buffer.from('\n')])(
  'writes of one tick leave together with flushInterval 0, after a flush too: %j',
  async (recordDelimiter) => {
    useFakeTimers();
    const buffer = new WriteBuffer({ chunkSize: 64, limit: 64, flushInterval: 0, recordDelimiter });
    const chunks: string[] = [];
    buffer.serve(() => {
      if (!buffer.isDue) return;
      const chunk = buffer.cut();
      chunks.push(String(chunk));
      commitNext(buffer, chunk.byteLength);
      buffer.release({ reuse: true });
    });
    buffer.open('a.log', 0);
    const write = (text: string) => {
      buffer.announce();
      buffer.accept(text, 'utf8', () => {});
    };
    write('a\n');
    buffer.flush(() => {});
    await vi.advanceTimersByTimeAsync(0);
    for (const text of ['1\n', '2\n', '3\n']) write(text);
    await vi.advanceTimersByTimeAsync(0);

    expect(chunks).toEqual(['a\n', '1\n2\n3\n']);
  },
);
