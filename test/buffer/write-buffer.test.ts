import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Acknowledge } from '../../src/buffer/acknowledgements.js';
import { WriteBuffer } from '../../src/buffer/write-buffer.js';
import { useFakeTimers, useRealTimers } from '../helpers/fake-timers.js';
import { commitNext } from './commit-next.js';

/** Waits until all callbacks of the next tick have run. */
const nextTick = () => new Promise<void>((resolve) => setImmediate(resolve));

afterEach(() => {
  useRealTimers();
});

interface Setup {
  readonly chunkSize?: number;
  readonly limit?: number;
  readonly flushInterval?: number;
  readonly isOpen?: boolean;
}

/** An opened buffer, and the log of its callbacks. */
function createBuffer(setup: Setup = {}) {
  const { chunkSize = 8, flushInterval = Number.POSITIVE_INFINITY, isOpen = true } = setup;
  const log: string[] = [];
  const options = { chunkSize, limit: setup.limit ?? chunkSize, flushInterval };
  const buffer = new WriteBuffer(options);
  buffer.serve(() => log.push('due'));
  if (isOpen) buffer.open('a.log', 0);
  let writes = 0;
  let announced = 0;
  const announceTo = (sequence: number, acknowledge?: Acknowledge) => {
    while (++announced < sequence) buffer.announce();
    buffer.announce(acknowledge);
  };
  return {
    buffer,
    log,
    accept(data: string | Uint8Array, encoding: BufferEncoding = 'utf8') {
      const name = `write ${++writes}`;
      if (announced < writes) announceTo(writes);
      buffer.accept(data, encoding, (error) => {
        log.push(error === undefined ? name : `${name}: ${error?.message ?? 'null'}`);
      });
    },
    acknowledge(sequence: number) {
      announceTo(sequence, (error, place) => {
        log.push(`ack ${sequence}: ${error?.message ?? `${place?.start}-${place?.end}`}`);
      });
    },
    flush(sequence: number) {
      if (announced < sequence) announceTo(sequence);
      buffer.flush((error) => log.push(`flush ${sequence}: ${error?.message ?? 'done'}`));
    },
    /** Cuts, commits and releases one chunk. */
    commitChunk() {
      const chunk = buffer.cut().toString();
      buffer.resume();
      commitNext(buffer, buffer.bytesInFlight);
      buffer.release({ reuse: true });
      return chunk;
    },
    counts() {
      const { bytesAccepted, bytesInFlight, bytesCommitted, nextLength } = buffer;
      return { bytesAccepted, bytesInFlight, bytesCommitted, nextLength };
    },
  };
}

describe('WriteBuffer.accept()', () => {
  test('calls back synchronously when all of the write fits', () => {
    const { log, accept, counts } = createBuffer();
    accept('abc');

    expect(log).toEqual(['write 1']);
    expect(counts()).toEqual({
      bytesAccepted: 3,
      bytesInFlight: 0,
      bytesCommitted: 0,
      nextLength: 3,
    });
  });

  test('counts bytes, not characters', () => {
    const { accept, buffer } = createBuffer();
    accept('é€');
    accept('6162', 'hex');

    expect(buffer.bytesAccepted).toBe(7);
  });

  test.each([
    { length: 7, log: ['write 1'] },
    { length: 8, log: ['due', 'write 1'] },
    { length: 9, log: ['due'] },
    { length: 24, log: ['due'] },
  ])('makes the calls $log for $length bytes when a chunk has 8', ({ length, log: expected }) => {
    const { log, accept } = createBuffer();
    accept('x'.repeat(length));

    expect(log).toEqual(expected);
  });

  test('keeps a write that does not fit waiting, and counts the part that fits', () => {
    const { log, accept, counts } = createBuffer();
    accept('abc');
    accept('0123456789');

    expect(log).toEqual(['write 1', 'due']);
    expect(counts()).toEqual({
      bytesAccepted: 8,
      bytesInFlight: 0,
      bytesCommitted: 0,
      nextLength: 8,
    });
  });

  test('accepts an empty write at once, even when the chunk is full', () => {
    const { log, accept, buffer } = createBuffer();
    accept('01234567');
    accept('');
    accept(new Uint8Array(0));

    expect(log).toEqual(['due', 'write 1', 'due', 'write 2', 'due', 'write 3']);
    expect(buffer.bytesAccepted).toBe(8);
  });
});

describe('WriteBuffer.resume()', () => {
  test('continues with the waiting write when there is room again', () => {
    const { log, accept, buffer, counts } = createBuffer();
    accept('0123456789');
    expect(buffer.cut().toString()).toBe('01234567');
    expect(log).toEqual(['due']);
    buffer.resume();

    expect(log).toEqual(['due', 'write 1']);
    expect(counts()).toEqual({
      bytesAccepted: 10,
      bytesInFlight: 8,
      bytesCommitted: 0,
      nextLength: 2,
    });
  });

  test('copies a write of three chunks piece by piece and calls back after the last', () => {
    const { log, accept, buffer, counts, commitChunk } = createBuffer({ chunkSize: 4 });
    accept('aaaabbbbcc');
    expect(commitChunk()).toBe('aaaa');
    expect(log).toEqual(['due', 'due']);
    expect(counts()).toEqual({
      bytesAccepted: 8,
      bytesInFlight: 0,
      bytesCommitted: 4,
      nextLength: 4,
    });
    expect(buffer.isDue).toBe(true);
    expect(commitChunk()).toBe('bbbb');
    expect(log).toEqual(['due', 'due', 'write 1']);
    expect(commitChunk()).toBe('cc');
    expect(buffer.bytesCommitted).toBe(10);
  });

  test('copies the rest of a string as bytes, without encoding it again', () => {
    const { accept, commitChunk } = createBuffer({ chunkSize: 2 });
    accept('616263', 'hex');

    expect([commitChunk(), commitChunk()]).toEqual(['ab', 'c']);
  });

  test('does nothing while no write is waiting', () => {
    const { log, buffer } = createBuffer();
    buffer.resume();

    expect(log).toEqual([]);
  });

  test('accepts the next write from within the callback', () => {
    const { buffer, log } = createBuffer({ chunkSize: 4 });
    buffer.open('a.log', 0);
    buffer.accept('aaaab', 'utf8', () => {
      log.push('first');
      buffer.accept('cc', 'utf8', () => log.push('second'));
    });
    buffer.cut();
    buffer.resume();

    expect(log).toEqual(['due', 'first', 'second']);
    buffer.release({ reuse: true });
    expect(buffer.cut().toString()).toBe('bcc');
  });
});

describe('WriteBuffer.isDue', () => {
  test.each([
    { scenario: 'empty', bytes: '', isDue: false },
    { scenario: 'partly filled', bytes: '0123456', isDue: false },
    { scenario: 'full', bytes: '01234567', isDue: true },
  ])('is $isDue when the chunk is $scenario', ({ bytes, isDue }) => {
    const { buffer, accept } = createBuffer();
    accept(bytes);

    expect(buffer.isDue).toBe(isDue);
  });

  test('becomes true, and calls back, when the oldest byte has waited long enough', () => {
    useFakeTimers();
    const { buffer, accept, log } = createBuffer({ flushInterval: 1000 });
    accept('');
    vi.advanceTimersByTime(5000);
    expect(buffer.isDue).toBe(false);

    accept('a');
    vi.advanceTimersByTime(600);
    accept('b');
    vi.advanceTimersByTime(399);
    expect([buffer.isDue, log.includes('due')]).toEqual([false, false]);
    vi.advanceTimersByTime(1);
    expect([buffer.isDue, log.includes('due')]).toEqual([true, true]);
  });

  test('starts the interval of the next chunk at its own first byte', () => {
    useFakeTimers();
    const { buffer, accept } = createBuffer({ flushInterval: 1000 });
    accept('a');
    vi.advanceTimersByTime(900);
    buffer.cut();
    accept('b');
    vi.advanceTimersByTime(999);
    expect(buffer.isDue).toBe(false);
    vi.advanceTimersByTime(1);
    expect(buffer.isDue).toBe(true);
  });

  test('becomes false when all bytes have been cut', () => {
    useFakeTimers();
    const { buffer, accept } = createBuffer({ flushInterval: 1000 });
    accept('a');
    vi.advanceTimersByTime(1000);
    expect(buffer.isDue).toBe(true);
    buffer.cut();
    expect(buffer.isDue).toBe(false);
    buffer.release({ reuse: true });
    accept('b');
    buffer.cut();
    vi.advanceTimersByTime(1000);
    expect(buffer.isDue).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('starts the interval of the rest of a waiting write when it is copied', () => {
    useFakeTimers();
    const { buffer, accept } = createBuffer({ flushInterval: 1000 });
    accept('0123456789');
    vi.advanceTimersByTime(900);
    buffer.cut();
    buffer.resume();
    vi.advanceTimersByTime(999);
    expect(buffer.isDue).toBe(false);
    vi.advanceTimersByTime(1);
    expect(buffer.isDue).toBe(true);
  });
});

describe('WriteBuffer.flush()', () => {
  test('makes accepted bytes due at once', async () => {
    const { buffer, accept, flush, log, commitChunk } = createBuffer();
    accept('abc');
    flush(1);
    expect(buffer.isDue).toBe(true);
    expect(log).toEqual(['write 1', 'due']);
    expect(commitChunk()).toBe('abc');
    await nextTick();

    expect(log).toEqual(['write 1', 'due', 'flush 1: done']);
  });

  test('waits for a write that has not been accepted, and makes the chunk due only with it', async () => {
    const { buffer, accept, flush, acknowledge, log, commitChunk } = createBuffer();
    accept('a');
    acknowledge(3);
    flush(3);
    expect([buffer.isDue, log]).toEqual([false, ['write 1']]);
    accept('b');
    expect(buffer.isDue).toBe(false);
    accept('c');
    expect(buffer.isDue).toBe(true);
    commitChunk();
    await nextTick();

    expect(log).toEqual(['write 1', 'write 2', 'due', 'write 3', 'ack 3: 2-3', 'flush 3: done']);
  });

  test('does not make later writes due', () => {
    const { buffer, accept, flush, commitChunk } = createBuffer();
    accept('a');
    flush(1);
    commitChunk();
    accept('b');

    expect(buffer.isDue).toBe(false);
  });

  test('waits for the last byte of a write of several chunks', async () => {
    const { buffer, accept, flush, log, commitChunk } = createBuffer({ chunkSize: 4 });
    accept('aaaabb');
    flush(1);
    commitChunk();
    await nextTick();
    expect(log).not.toContain('flush 1: done');
    expect(buffer.isDue).toBe(true);
    commitChunk();
    await nextTick();

    expect(log).toContain('flush 1: done');
  });

  test('calls back while later bytes are still uncommitted', async () => {
    const { accept, flush, log, buffer } = createBuffer();
    accept('a');
    flush(1);
    buffer.cut();
    accept('b');
    commitNext(buffer, 1);
    await nextTick();

    expect(log).toEqual(['write 1', 'due', 'write 2', 'flush 1: done']);
  });

  test('calls back on the next tick when everything is committed', async () => {
    const { accept, flush, log, commitChunk } = createBuffer();
    accept('a');
    commitChunk();
    flush(1);
    expect(log).not.toContain('flush 1: done');
    await nextTick();

    expect(log).toContain('flush 1: done');
  });

  test('calls back before the object is opened when nothing was written', async () => {
    const { log, flush } = createBuffer();
    flush(0);
    await nextTick();

    expect(log).toContain('flush 0: done');
  });

  test('needs one chunk for several calls', async () => {
    const { accept, flush, log, commitChunk } = createBuffer();
    accept('a');
    flush(1);
    accept('b');
    flush(2);
    flush(2);
    expect(commitChunk()).toBe('ab');
    await nextTick();

    expect(log.filter((entry) => entry.startsWith('flush'))).toEqual([
      'flush 1: done',
      'flush 2: done',
      'flush 2: done',
    ]);
  });
});

describe('WriteBuffer.announce()', () => {
  test('calls back with the place of the bytes when the last one is committed', async () => {
    const { buffer, accept, acknowledge, log } = createBuffer();
    acknowledge(1);
    accept('abc');
    acknowledge(2);
    accept('de');
    buffer.cut();
    commitNext(buffer, 4);
    await nextTick();
    expect(log).toEqual(['write 1', 'write 2', 'ack 1: 0-3']);
    commitNext(buffer, 1);
    await nextTick();

    expect(log).toEqual(['write 1', 'write 2', 'ack 1: 0-3', 'ack 2: 3-5']);
  });

  test('includes all bytes of a waiting write in its place', async () => {
    const { accept, acknowledge, log, commitChunk } = createBuffer({ chunkSize: 4 });
    accept('a');
    acknowledge(2);
    accept('bbbbbbbb');
    commitChunk();
    commitChunk();
    await nextTick();
    expect(log.at(-1)).toBe('write 2');
    commitChunk();
    await nextTick();

    expect(log.at(-1)).toBe('ack 2: 1-9');
  });

  test('calls back for an empty write when the bytes before it are committed', async () => {
    const { buffer, accept, acknowledge, log } = createBuffer();
    accept('abc');
    acknowledge(2);
    accept('');
    await nextTick();
    expect(log).toEqual(['write 1', 'write 2']);
    buffer.cut();
    commitNext(buffer, 3);
    await nextTick();

    expect(log).toEqual(['write 1', 'write 2', 'ack 2: 3-3']);
  });

  test('calls back for an empty write only after the object has been opened', async () => {
    const { buffer, accept, acknowledge, log } = createBuffer({ isOpen: false });
    acknowledge(1);
    accept('');
    await nextTick();
    expect(log).toEqual(['write 1']);
    buffer.open('a.log', 0);
    await nextTick();

    expect(log).toEqual(['write 1', 'ack 1: 0-0']);
  });

  test('is undone by withdraw() when the write was refused', async () => {
    const { buffer, accept, log } = createBuffer();
    const refused = vi.fn();
    buffer.announce(refused);
    buffer.withdraw(refused);
    accept('abc');
    buffer.cut();
    commitNext(buffer, 3);
    await nextTick();

    expect(refused).not.toHaveBeenCalled();
    expect(log).toEqual(['write 1']);
  });
});

describe('WriteBuffer.commit()', () => {
  test('counts parts of a chunk', () => {
    const { buffer, accept, counts } = createBuffer();
    accept('abcdef');
    buffer.cut();
    accept('gh');
    commitNext(buffer, 4);
    expect(counts()).toEqual({
      bytesAccepted: 8,
      bytesInFlight: 2,
      bytesCommitted: 4,
      nextLength: 2,
    });
    commitNext(buffer, 2);

    expect(buffer.bytesInFlight).toBe(0);
  });

  test('throws for more bytes than are in flight, and commits none of them', () => {
    const { buffer, accept } = createBuffer();
    accept('abc');
    buffer.cut();
    accept('more');

    expect(() => commitNext(buffer, 4)).toThrow('Cannot commit 4 of 3 bytes in flight');
    expect(buffer.bytesCommitted).toBe(0);
  });
});

describe('WriteBuffer.close()', () => {
  const reason = new Error('reason');

  test('returns the bytes that are in no chunk, in the order of the stream', () => {
    const { buffer, accept } = createBuffer();
    accept('in the chunk'.slice(0, 8));
    buffer.cut();
    accept('next ');
    accept('and waiting');
    const pieces = buffer.close(null, reason);

    expect(pieces.map(String)).toEqual(['next and', ' waiting']);
  });

  test('copies only the memory of the caller', () => {
    const { buffer, accept } = createBuffer({ chunkSize: 4 });
    const bytes = Buffer.from('0123456789');
    accept(bytes);
    const [held, rest] = buffer.close(null, reason);
    bytes.fill('x');
    expect([String(held), String(rest)]).toEqual(['0123', '456789']);

    const other = createBuffer({ chunkSize: 4 });
    other.accept('abc');
    const [uncopied] = other.buffer.close(null, reason);
    expect(uncopied?.buffer).toBe(other.buffer.cut().buffer);
  });

  test('returns no bytes when none are held', () => {
    const { buffer } = createBuffer();

    expect(Buffer.concat(buffer.close(null, reason)).byteLength).toBe(0);
  });

  test.each([
    { scenario: 'the error that ended the stream', error: new Error('failed'), passed: 'failed' },
    { scenario: 'null when nothing failed', error: null, passed: 'null' },
  ])('calls the waiting write back with $scenario, on the next tick', async ({ error, passed }) => {
    const { buffer, accept, log } = createBuffer();
    accept('0123456789');
    buffer.close(error, reason);
    expect(log).toEqual(['due']);
    await nextTick();

    expect(log).toEqual(['due', `write 1: ${passed}`]);
  });

  test('calls the callbacks that wait for a commit with the reason', async () => {
    const { accept, acknowledge, flush, buffer, log } = createBuffer();
    acknowledge(1);
    accept('abc');
    flush(1);
    acknowledge(2);
    buffer.close(null, reason);
    await nextTick();

    expect(log).toEqual(['write 1', 'due', 'ack 1: reason', 'flush 1: reason', 'ack 2: reason']);
  });

  test('stops the flush timer', () => {
    useFakeTimers();
    const { accept, buffer } = createBuffer({ flushInterval: 1000 });
    accept('abc');
    buffer.close(null, reason);

    expect(vi.getTimerCount()).toBe(0);
    expect(buffer.isDue).toBe(false);
  });
});

describe('WriteBuffer.bytesUncommitted()', () => {
  test('counts the rest of a waiting string in bytes, unlike Node', () => {
    const { buffer } = createBuffer({ chunkSize: 4 });
    // Node counts 4 for it until the last of its 12 bytes has been copied.
    buffer.accept('€€€€', 'utf8', () => {});
    expect(buffer.bytesUncommitted(4)).toBe(12);

    buffer.cut();
    buffer.resume();
    expect(buffer.bytesUncommitted(4)).toBe(12);
    commitNext(buffer, 4);
    buffer.release({ reuse: true });
    expect(buffer.bytesUncommitted(4)).toBe(8);
    buffer.cut();
    buffer.resume();
    commitNext(buffer, 4);
    expect(buffer.bytesUncommitted(0)).toBe(4);
  });
});
