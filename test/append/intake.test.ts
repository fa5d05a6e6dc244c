import { afterEach, describe, expect, test, vi } from 'vitest';
import { Intake } from '../../src/append/intake.js';
import { useFakeTimers, useRealTimers } from '../helpers/fake-timers.js';

/** Waits until everything has run that is due on the next tick. */
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

/** An intake that has been opened, and the log of what it called. */
function createIntake(setup: Setup = {}) {
  const { chunkSize = 8, flushInterval = Number.POSITIVE_INFINITY, isOpen = true } = setup;
  const log: string[] = [];
  const options = { chunkSize, limit: setup.limit ?? chunkSize, flushInterval };
  const intake = new Intake(options, () => log.push('due'));
  if (isOpen) intake.open();
  let writes = 0;
  return {
    intake,
    log,
    accept(data: string | Uint8Array, encoding: BufferEncoding = 'utf8') {
      const name = `write ${++writes}`;
      intake.accept(data, encoding, (error) => {
        log.push(error === undefined ? name : `${name}: ${error?.message ?? 'null'}`);
      });
    },
    acknowledge(sequence: number) {
      intake.acknowledge(sequence, (error, range) => {
        log.push(`ack ${sequence}: ${error?.message ?? `${range?.start}-${range?.end}`}`);
      });
    },
    flush(sequence: number) {
      intake.flush(sequence, (error) => log.push(`flush ${sequence}: ${error?.message ?? 'done'}`));
    },
    /** Cuts, commits and releases one chunk. */
    commitChunk() {
      const chunk = intake.cut().toString();
      intake.resume();
      intake.commit(intake.bytesInFlight);
      intake.release({ reuse: true });
      return chunk;
    },
    counts() {
      const { bytesAccepted, bytesInFlight, bytesCommitted, nextLength } = intake;
      return { bytesAccepted, bytesInFlight, bytesCommitted, nextLength };
    },
  };
}

describe('Intake.accept()', () => {
  test('calls back at once when all of the write has found room', () => {
    const { log, accept, counts } = createIntake();
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
    const { accept, intake } = createIntake();
    accept('é€');
    accept('6162', 'hex');

    expect(intake.bytesAccepted).toBe(7);
  });

  test.each([
    { length: 7, log: ['write 1'] },
    { length: 8, log: ['due', 'write 1'] },
    { length: 9, log: ['due'] },
    { length: 24, log: ['due'] },
  ])('calls $log for $length bytes when a chunk has 8', ({ length, log: expected }) => {
    const { log, accept } = createIntake();
    accept('x'.repeat(length));

    expect(log).toEqual(expected);
  });

  test('lets a write without room wait, and counts the part that has found some', () => {
    const { log, accept, counts } = createIntake();
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

  test('takes a write of no bytes at once, even when the chunk is full', () => {
    const { log, accept, intake } = createIntake();
    accept('01234567');
    accept('');
    accept(new Uint8Array(0));

    expect(log).toEqual(['due', 'write 1', 'due', 'write 2', 'due', 'write 3']);
    expect(intake.bytesAccepted).toBe(8);
  });
});

describe('Intake.resume()', () => {
  test('goes on with the waiting write when there is room again', () => {
    const { log, accept, intake, counts } = createIntake();
    accept('0123456789');
    expect(intake.cut().toString()).toBe('01234567');
    expect(log).toEqual(['due']);
    intake.resume();

    expect(log).toEqual(['due', 'write 1']);
    expect(counts()).toEqual({
      bytesAccepted: 10,
      bytesInFlight: 8,
      bytesCommitted: 0,
      nextLength: 2,
    });
  });

  test('takes a write of three chunks piece by piece and calls back after the last', () => {
    const { log, accept, intake, counts, commitChunk } = createIntake({ chunkSize: 4 });
    accept('aaaabbbbcc');
    expect(commitChunk()).toBe('aaaa');
    expect(log).toEqual(['due', 'due']);
    expect(counts()).toEqual({
      bytesAccepted: 8,
      bytesInFlight: 0,
      bytesCommitted: 4,
      nextLength: 4,
    });
    expect(intake.isDue).toBe(true);
    expect(commitChunk()).toBe('bbbb');
    expect(log).toEqual(['due', 'due', 'write 1']);
    expect(commitChunk()).toBe('cc');
    expect(intake.bytesCommitted).toBe(10);
  });

  test('takes the rest of a string as the bytes it already is', () => {
    const { accept, commitChunk } = createIntake({ chunkSize: 2 });
    accept('616263', 'hex');

    expect([commitChunk(), commitChunk()]).toEqual(['ab', 'c']);
  });

  test('does nothing while nobody waits', () => {
    const { log, intake } = createIntake();
    intake.resume();

    expect(log).toEqual([]);
  });

  test('lets the next write in from within the callback', () => {
    const log: string[] = [];
    const intake = new Intake(
      { chunkSize: 4, limit: 4, flushInterval: Number.POSITIVE_INFINITY },
      () => log.push('due'),
    );
    intake.open();
    intake.accept('aaaab', 'utf8', () => {
      log.push('first');
      intake.accept('cc', 'utf8', () => log.push('second'));
    });
    intake.cut();
    intake.resume();

    expect(log).toEqual(['due', 'first', 'second']);
    intake.release({ reuse: true });
    expect(intake.cut().toString()).toBe('bcc');
  });
});

describe('Intake.isDue', () => {
  test.each([
    { scenario: 'empty', bytes: '', isDue: false },
    { scenario: 'partly filled', bytes: '0123456', isDue: false },
    { scenario: 'full', bytes: '01234567', isDue: true },
  ])('is $isDue when the chunk is $scenario', ({ bytes, isDue }) => {
    const { intake, accept } = createIntake();
    accept(bytes);

    expect(intake.isDue).toBe(isDue);
  });

  test('turns true, and calls, when the oldest byte has waited long enough', () => {
    useFakeTimers();
    const { intake, accept, log } = createIntake({ flushInterval: 1000 });
    accept('');
    vi.advanceTimersByTime(5000);
    expect(intake.isDue).toBe(false);

    accept('a');
    vi.advanceTimersByTime(600);
    accept('b');
    vi.advanceTimersByTime(399);
    expect([intake.isDue, log.includes('due')]).toEqual([false, false]);
    vi.advanceTimersByTime(1);
    expect([intake.isDue, log.includes('due')]).toEqual([true, true]);
  });

  test('counts the wait of the next chunk from its own first byte', () => {
    useFakeTimers();
    const { intake, accept } = createIntake({ flushInterval: 1000 });
    accept('a');
    vi.advanceTimersByTime(900);
    intake.cut();
    accept('b');
    vi.advanceTimersByTime(999);
    expect(intake.isDue).toBe(false);
    vi.advanceTimersByTime(1);
    expect(intake.isDue).toBe(true);
  });

  test('turns false when all has been cut', () => {
    useFakeTimers();
    const { intake, accept } = createIntake({ flushInterval: 1000 });
    accept('a');
    vi.advanceTimersByTime(1000);
    expect(intake.isDue).toBe(true);
    intake.cut();
    expect(intake.isDue).toBe(false);
    intake.release({ reuse: true });
    accept('b');
    intake.cut();
    vi.advanceTimersByTime(1000);
    expect(intake.isDue).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('counts the wait of the rest of a waiting write from when it found room', () => {
    useFakeTimers();
    const { intake, accept } = createIntake({ flushInterval: 1000 });
    accept('0123456789');
    vi.advanceTimersByTime(900);
    intake.cut();
    intake.resume();
    vi.advanceTimersByTime(999);
    expect(intake.isDue).toBe(false);
    vi.advanceTimersByTime(1);
    expect(intake.isDue).toBe(true);
  });
});

describe('Intake.flush()', () => {
  test('lets what has been accepted leave at once', async () => {
    const { intake, accept, flush, log, commitChunk } = createIntake();
    accept('abc');
    flush(1);
    expect(intake.isDue).toBe(true);
    expect(log).toEqual(['write 1', 'due']);
    expect(commitChunk()).toBe('abc');
    await nextTick();

    expect(log).toEqual(['write 1', 'due', 'flush 1: done']);
  });

  test('waits for a write that has not been accepted, and is due only with it', async () => {
    const { intake, accept, flush, acknowledge, log, commitChunk } = createIntake();
    accept('a');
    acknowledge(3);
    flush(3);
    expect([intake.isDue, log]).toEqual([false, ['write 1']]);
    accept('b');
    expect(intake.isDue).toBe(false);
    accept('c');
    expect(intake.isDue).toBe(true);
    commitChunk();
    await nextTick();

    expect(log).toEqual(['write 1', 'write 2', 'due', 'write 3', 'ack 3: 2-3', 'flush 3: done']);
  });

  test('does not make due what is written afterwards', () => {
    const { intake, accept, flush, commitChunk } = createIntake();
    accept('a');
    flush(1);
    commitChunk();
    accept('b');

    expect(intake.isDue).toBe(false);
  });

  test('waits for the last byte of a write of several chunks', async () => {
    const { intake, accept, flush, log, commitChunk } = createIntake({ chunkSize: 4 });
    accept('aaaabb');
    flush(1);
    commitChunk();
    await nextTick();
    expect(log).not.toContain('flush 1: done');
    expect(intake.isDue).toBe(true);
    commitChunk();
    await nextTick();

    expect(log).toContain('flush 1: done');
  });

  test('is done while bytes behind it are still uncommitted', async () => {
    const { accept, flush, log, intake } = createIntake();
    accept('a');
    flush(1);
    intake.cut();
    accept('b');
    intake.commit(1);
    await nextTick();

    expect(log).toEqual(['write 1', 'due', 'write 2', 'flush 1: done']);
  });

  test('is done on the next tick when everything has been committed already', async () => {
    const { accept, flush, log, commitChunk } = createIntake();
    accept('a');
    commitChunk();
    flush(1);
    expect(log).not.toContain('flush 1: done');
    await nextTick();

    expect(log).toContain('flush 1: done');
  });

  test('is done at once when there is nothing to wait for, even before the object is opened', async () => {
    const { log, flush } = createIntake();
    flush(0);
    await nextTick();

    expect(log).toContain('flush 0: done');
  });

  test('serves several calls with one chunk', async () => {
    const { accept, flush, log, commitChunk } = createIntake();
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

describe('Intake.acknowledge()', () => {
  test('tells where the bytes lie when the last of them has been committed', async () => {
    const { intake, accept, acknowledge, log } = createIntake();
    acknowledge(1);
    accept('abc');
    acknowledge(2);
    accept('de');
    intake.cut();
    intake.commit(4);
    await nextTick();
    expect(log).toEqual(['write 1', 'write 2', 'ack 1: 0-3']);
    intake.commit(1);
    await nextTick();

    expect(log).toEqual(['write 1', 'write 2', 'ack 1: 0-3', 'ack 2: 3-5']);
  });

  test('counts the bytes of a waiting write from its first', async () => {
    const { accept, acknowledge, log, commitChunk } = createIntake({ chunkSize: 4 });
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

  test('tells of a write of no bytes when those before it have been committed', async () => {
    const { intake, accept, acknowledge, log } = createIntake();
    accept('abc');
    acknowledge(2);
    accept('');
    await nextTick();
    expect(log).toEqual(['write 1', 'write 2']);
    intake.cut();
    intake.commit(3);
    await nextTick();

    expect(log).toEqual(['write 1', 'write 2', 'ack 2: 3-3']);
  });

  test('tells of a write of no bytes only after the object has been opened', async () => {
    const { intake, accept, acknowledge, log } = createIntake({ isOpen: false });
    acknowledge(1);
    accept('');
    await nextTick();
    expect(log).toEqual(['write 1']);
    intake.open();
    await nextTick();

    expect(log).toEqual(['write 1', 'ack 1: 0-0']);
  });

  test('can be taken back for a write that was refused', async () => {
    const { intake, accept, acknowledge, log } = createIntake();
    acknowledge(1);
    intake.forgetAcknowledgement();
    accept('abc');
    intake.cut();
    intake.commit(3);
    await nextTick();

    expect(log).toEqual(['write 1']);
  });
});

describe('Intake.commit()', () => {
  test('counts parts of a chunk', () => {
    const { intake, accept, counts } = createIntake();
    accept('abcdef');
    intake.cut();
    accept('gh');
    intake.commit(4);
    expect(counts()).toEqual({
      bytesAccepted: 8,
      bytesInFlight: 2,
      bytesCommitted: 4,
      nextLength: 2,
    });
    intake.commit(2);

    expect(intake.bytesInFlight).toBe(0);
  });

  test('throws for more bytes than are in flight, and commits none of them', () => {
    const { intake, accept } = createIntake();
    accept('abc');
    intake.cut();
    accept('more');

    expect(() => intake.commit(4)).toThrow('Cannot commit 4 of 3 bytes in flight');
    expect(intake.bytesCommitted).toBe(0);
  });
});

describe('Intake.close()', () => {
  const reason = new Error('reason');

  test('hands out what is in no chunk, in the order of the stream', () => {
    const { intake, accept } = createIntake();
    accept('in the chunk'.slice(0, 8));
    intake.cut();
    accept('next ');
    accept('and waiting');
    const pieces = intake.close(null, reason);

    expect(pieces.map(String)).toEqual(['next and', ' waiting']);
  });

  test('copies the memory of the caller and nothing else', () => {
    const { intake, accept } = createIntake({ chunkSize: 4 });
    const bytes = Buffer.from('0123456789');
    accept(bytes);
    const [held, rest] = intake.close(null, reason);
    bytes.fill('x');
    expect([String(held), String(rest)]).toEqual(['0123', '456789']);

    const other = createIntake({ chunkSize: 4 });
    other.accept('abc');
    const [uncopied] = other.intake.close(null, reason);
    expect(uncopied?.buffer).toBe(other.intake.cut().buffer);
  });

  test('hands out no bytes when none are held', () => {
    const { intake } = createIntake();

    expect(Buffer.concat(intake.close(null, reason)).byteLength).toBe(0);
  });

  test.each([
    { scenario: 'the error that ended the stream', error: new Error('failed'), told: 'failed' },
    { scenario: 'null when nothing failed', error: null, told: 'null' },
  ])('tells the waiting write $scenario, on the next tick', async ({ error, told }) => {
    const { intake, accept, log } = createIntake();
    accept('0123456789');
    intake.close(error, reason);
    expect(log).toEqual(['due']);
    await nextTick();

    expect(log).toEqual(['due', `write 1: ${told}`]);
  });

  test('tells those who wait for a commit the reason', async () => {
    const { accept, acknowledge, flush, intake, log } = createIntake();
    acknowledge(1);
    accept('abc');
    flush(1);
    acknowledge(2);
    intake.close(null, reason);
    await nextTick();

    expect(log).toEqual(['write 1', 'due', 'ack 1: reason', 'flush 1: reason', 'ack 2: reason']);
  });

  test('stops the clock', () => {
    useFakeTimers();
    const { accept, intake } = createIntake({ flushInterval: 1000 });
    accept('abc');
    intake.close(null, reason);

    expect(vi.getTimerCount()).toBe(0);
    expect(intake.isDue).toBe(false);
  });
});

describe('Intake.bytesUncommitted()', () => {
  test('counts what is left of a waiting string in bytes, however Node counts it', () => {
    const intake = new Intake(
      { chunkSize: 4, limit: 4, flushInterval: Number.POSITIVE_INFINITY },
      () => {},
    );
    // Node counts 4 for it until the last of its 12 bytes has found room.
    intake.accept('€€€€', 'utf8', () => {});
    expect(intake.bytesUncommitted(4)).toBe(12);

    intake.cut();
    intake.resume();
    expect(intake.bytesUncommitted(4)).toBe(12);
    intake.commit(4);
    intake.release({ reuse: true });
    expect(intake.bytesUncommitted(4)).toBe(8);
    intake.cut();
    intake.resume();
    intake.commit(4);
    expect(intake.bytesUncommitted(0)).toBe(4);
  });
});
