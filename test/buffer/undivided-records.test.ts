import { afterEach, describe, expect, test, vi } from 'vitest';
import { WriteBuffer } from '../../src/buffer/write-buffer.js';
import { useFakeTimers, useRealTimers } from '../helpers/fake-timers.js';
import { commitNext } from './commit-next.js';

afterEach(() => {
  useRealTimers();
});

/** A buffer of lines none of which may be divided, the chunks that were due, and its callbacks. */
function createLines({ chunkSize = 8, limit = 16, maxRecordSize = 40, isIdle = true } = {}) {
  useFakeTimers();
  const buffer = new WriteBuffer({
    chunkSize,
    limit,
    flushInterval: 1000,
    recordDelimiter: Buffer.from('\n'),
    maxRecordSize,
  });
  const chunks: string[] = [];
  const send = () => {
    while (buffer.isDue) {
      const chunk = buffer.cut();
      chunks.push(String(chunk));
      commitNext(buffer, chunk.byteLength);
      buffer.release({ reuse: true });
      buffer.resume();
    }
  };
  buffer.serve(() => isIdle && send());
  buffer.open('a.log', 0);
  const write = (text: string) => {
    if (buffer.acceptAtOnce(text)) return;
    buffer.announce();
    buffer.accept(text, 'utf8', () => {});
  };
  return { buffer, chunks, write, send };
}

describe('WriteBuffer with records that may not be divided', () => {
  test('gives a record longer than a chunk a chunk of its own, whatever its writes are', () => {
    const { chunks, write, send, buffer } = createLines();
    for (const part of ['one\n', '0123', '4567', '89ab', 'cdef', 'g\ntw', 'o\n']) write(part);
    buffer.drain();
    send();

    expect(chunks).toEqual(['one\n', '0123456789abcdefg\n', 'two\n']);
  });

  test('divides a single write into such chunks', () => {
    const { chunks, write, send, buffer } = createLines();
    write(`one\n${'x'.repeat(20)}\n${'y'.repeat(30)}\ntwo\nthree\n`);
    buffer.drain();
    send();

    expect(chunks.join('')).toBe(`one\n${'x'.repeat(20)}\n${'y'.repeat(30)}\ntwo\nthree\n`);
    expect(chunks.filter((chunk) => !chunk.endsWith('\n'))).toEqual([]);
    expect(chunks.filter((chunk) => chunk.length > 8)).toEqual([
      `${'x'.repeat(20)}\n`,
      `${'y'.repeat(30)}\n`,
    ]);
  });

  test('takes a record of the maximum length, and refuses a longer one', () => {
    const { buffer, chunks, write, send } = createLines();
    write(`${'x'.repeat(39)}\n`);
    send();
    expect(chunks).toEqual([`${'x'.repeat(39)}\n`]);
    write('y'.repeat(30));
    expect(buffer.tooLong).toBeUndefined();
    write('y'.repeat(11));

    expect(buffer.tooLong).toBe(41);
    expect(Buffer.concat(buffer.close(null, new Error('closed')))).toEqual(
      Buffer.from('y'.repeat(41)),
    );
  });

  test('waits with a long record until the chunks before it are sent', () => {
    const { buffer, chunks, write, send } = createLines({ isIdle: false });
    write('one\ntwo\n');
    write('three\n4\n');
    write('x'.repeat(30));
    expect(buffer.tooLong).toBeUndefined();
    send();
    write('\n');
    send();

    expect(chunks).toEqual(['one\ntwo\n', 'three\n4\n', `${'x'.repeat(30)}\n`]);
  });

  test('keeps a flush waiting until the record is whole, and sends it at once then', async () => {
    const { buffer, chunks, write } = createLines();
    const flushed = vi.fn();
    write('one\ntw');
    buffer.flush(flushed);
    expect(chunks).toEqual(['one\n']);
    await vi.advanceTimersByTimeAsync(0);
    expect(flushed).not.toHaveBeenCalled();
    write('o\nx\n');

    expect(chunks).toEqual(['one\n', 'two\nx\n']);
    await vi.advanceTimersByTimeAsync(0);
    expect(flushed).toHaveBeenCalledExactlyOnceWith(null, expect.anything());
  });

  test('sends an unfinished record when nothing more will be written', () => {
    const { buffer, chunks, write, send } = createLines();
    write('one\ntw');
    buffer.drain();
    send();

    expect(chunks.join('')).toBe('one\ntw');
  });

  test('takes a long record right after another one', () => {
    const { chunks, write } = createLines({ chunkSize: 64, limit: 64, maxRecordSize: 4096 });
    write(`${'x'.repeat(4000)}\n`);
    write(`${'y'.repeat(70)}\n`);

    expect(chunks.map(({ length }) => length)).toEqual([4001, 71]);
  });
});
