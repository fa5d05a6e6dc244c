import { afterEach, describe, expect, test, vi } from 'vitest';
import { ChunkBuffer } from '../../src/buffer/chunk-buffer.js';
import { ObjectEnds, type PeriodClock } from '../../src/buffer/object-ends.js';
import { RecordEnds } from '../../src/buffer/record-ends.js';
import { SlabPool } from '../../src/buffer/slab-pool.js';
import { useFakeTimers, useRealTimers } from '../helpers/fake-timers.js';

afterEach(() => {
  useRealTimers();
});

const hour = 3_600_000;

/** Periods of an hour each, numbered. */
class Hours implements PeriodClock {
  label = Math.floor(Date.now() / hour);

  isOver(now: number): boolean {
    return Math.floor(now / hour) !== this.label;
  }

  enter(now: number): void {
    this.label = Math.floor(now / hour);
  }

  dateOf(now: number): number {
    return now;
  }

  nextCheck(now: number): number {
    return (Math.floor(now / hour) + 1) * hour;
  }
}

interface Setup {
  readonly maxSize?: number;
  readonly delimiter?: string;
  readonly chunkSize?: number;
  readonly limit?: number;

  /** Longest record, if none is divided between chunks. */
  readonly maxRecordSize?: number;
  readonly isHourly?: boolean;

  /** Length of the object when it is opened; `undefined` if it is not open yet. */
  readonly position?: number | undefined;
}

function create(setup: Setup = {}) {
  const { maxSize = 20, delimiter, chunkSize = 20, limit = 1000, isHourly = false } = setup;
  const { maxRecordSize } = setup;
  useFakeTimers({ now: 0 });
  const records = new RecordEnds(delimiter === undefined ? undefined : Buffer.from(delimiter));
  const buffer = new ChunkBuffer({
    chunkSize,
    limit,
    pool: new SlabPool(),
    ends: records,
    maxRecordSize,
  });
  const period = isHourly ? new Hours() : undefined;
  const ends = new ObjectEnds(buffer, { maxSize, period, hasRecords: delimiter !== undefined });
  const position = 'position' in setup ? setup.position : 0;
  if (position !== undefined) ends.open(0, position);
  /** As the stream does it: the short way where there is one. */
  const write = (data: string | Uint8Array, encoding: BufferEncoding = 'utf8') => {
    if (encoding === 'utf8' && buffer.addBehind(data)) return undefined;
    return ends.add(data, encoding, false, false);
  };
  const append = (data: string) => ends.add(data, 'utf8', true, false);
  const cut = (byteLength = buffer.recordsLength) => {
    const chunk = String(buffer.cut(byteLength));
    buffer.release({ reuse: true });
    // As after every cut that leaves bytes behind.
    if (buffer.byteLength > 0) ends.check();
    return chunk;
  };
  const marks = () => {
    const found = [];
    for (let mark = ends.next; mark !== undefined; mark = ends.next) {
      found.push(mark);
      ends.shift();
    }
    return found;
  };
  const offsets = () => marks().map(({ offset }) => offset);
  return { buffer, ends, write, append, cut, marks, offsets };
}

describe('ObjectEnds without records', () => {
  test.each([
    { lengths: [10, 10, 1], offsets: [20] },
    { lengths: [10, 11], offsets: [10] },
    { lengths: [20, 20, 20], offsets: [20, 40] },
    { lengths: [19, 1, 1], offsets: [20] },
    { lengths: [50, 1], offsets: [50] },
    { lengths: [1, 50, 1], offsets: [1, 51] },
    { lengths: [0, 20, 0], offsets: [] },
    { lengths: [20, 0, 0, 1], offsets: [20] },
  ])('ends objects of 20 bytes before the write that does not fit: $lengths', (row) => {
    const { write, offsets } = create();
    for (const length of row.lengths) write('x'.repeat(length));

    expect(offsets()).toEqual(row.offsets);
  });

  test.each([
    { position: 15, offsets: [5, 25] },
    { position: 20, offsets: [0, 20] },
    { position: 30, offsets: [0, 20] },
    { position: 0, offsets: [20] },
  ])('counts the $position bytes that were in the object before', ({ position, offsets }) => {
    const { write, ...ends } = create({ position });
    for (let count = 0; count < 6; count++) write('12345');

    expect(ends.offsets()).toEqual(offsets);
  });

  test('ends no object before it is open, and at the next write once it is', () => {
    const { ends, write, offsets } = create({ position: undefined });
    for (let count = 0; count < 6; count++) write('12345');
    expect(ends.next).toBeUndefined();
    ends.open(0, 0);
    write('12345');

    expect(offsets()).toEqual([30]);
  });

  test('begins with the whole size again when bytes go to another object than was meant', () => {
    const { ends, write, offsets } = create();
    write('x'.repeat(15));
    ends.open(10, 0);
    write('x'.repeat(15));
    write('x');

    expect(offsets()).toEqual([30]);
  });

  test('does not move the end of an object that has been decided', () => {
    const { ends, write, offsets } = create();
    write('x'.repeat(15));
    write('x'.repeat(15));
    ends.open(10, 0);
    write('x'.repeat(5));
    write('x');

    expect(offsets()).toEqual([15, 35]);
  });

  test('measures what an encoding yields, and not what it may yield', () => {
    const { buffer, write, offsets } = create({ maxSize: 100, chunkSize: 100 });
    // Not hexadecimal: no bytes.
    write('z'.repeat(400), 'hex');
    expect(buffer.offset).toBe(0);
    for (let count = 0; count < 11; count++) write('0123456789');

    expect(offsets()).toEqual([100]);
  });

  test.each([
    { text: 'é'.repeat(10), encoding: 'utf8' },
    { text: 'é'.repeat(20), encoding: 'latin1' },
    { text: 'x'.repeat(10), encoding: 'utf16le' },
    { text: 'ab'.repeat(20), encoding: 'hex' },
    { text: Buffer.alloc(20, 'x').toString('base64'), encoding: 'base64' },
  ] as const)('fills an object with a string in $encoding to its last byte', (row) => {
    const { write, offsets } = create();
    write(row.text, row.encoding);
    expect(offsets()).toEqual([]);
    write('x');

    expect(offsets()).toEqual([20]);
  });

  test('ends an object before a string whose characters would fit, and whose bytes do not', () => {
    const { write, offsets } = create({ chunkSize: 100 });
    write('12345');
    write('é'.repeat(15));

    expect(offsets()).toEqual([5]);
  });

  test('ends the chunk with the object', () => {
    const { write, cut } = create({ chunkSize: 100 });
    write('x'.repeat(15));
    write('y'.repeat(15));

    expect([cut(), cut()]).toEqual(['x'.repeat(15), 'y'.repeat(15)]);
  });
});

describe('ObjectEnds with records', () => {
  test.each([
    { writes: ['12345678\n', '12345678\n', '1\n', '\n'], offsets: [20] },
    { writes: ['12345678\n12345678\n1\n\n'], offsets: [20] },
    { writes: ['12345678\n1234', '5678\n12\n'], offsets: [18] },
    { writes: ['12345678\n12345678\n1', '2', '\n'], offsets: [18] },
    { writes: ['12345678\n12345678\n12'], offsets: [] },
    { writes: ['12345678\n12345678\n123'], offsets: [18] },
    { writes: ['123456789012345678901234\n1\n'], offsets: [25] },
    { writes: ['1\n', '123456789012345678901234\n1\n'], offsets: [2, 27] },
  ])('ends objects of 20 bytes before the record that does not fit: $writes', (row) => {
    const { write, offsets } = create({ delimiter: '\n', chunkSize: 40 });
    for (const text of row.writes) write(text);

    expect(offsets()).toEqual(row.offsets);
  });

  test.each(['\r\n', '<end>', '行'])(
    'finds %j where it is torn between two writes',
    (delimiter) => {
      const bytes = Buffer.from(delimiter);
      for (let at = 1; at < bytes.byteLength; at++) {
        const { write, offsets } = create({ delimiter, maxSize: 10, chunkSize: 40 });
        write(Buffer.concat([Buffer.from('1234'), bytes.subarray(0, at)]));
        write(Buffer.concat([bytes.subarray(at), Buffer.from('12345678')]));

        expect(offsets()).toEqual([4 + bytes.byteLength]);
      }
    },
  );

  test('leaves a record whose beginning has left in its object, and ends that behind it', () => {
    const { write, cut, offsets } = create({ delimiter: '\n', chunkSize: 40 });
    write('12345678\nbegun');
    expect(cut(14)).toBe('12345678\nbegun');
    write('and ended, beyond');
    write(' the limit\nnext\n');

    expect(offsets()).toEqual([42]);
  });

  test.each(['\r\n', '<end>', '行'])('finds %j where the cut has torn it', (delimiter) => {
    const bytes = Buffer.from(delimiter);
    for (let at = 1; at < bytes.byteLength; at++) {
      const { write, cut, offsets } = create({ delimiter, maxSize: 10, chunkSize: 40 });
      write(Buffer.concat([Buffer.from('12345678'), bytes.subarray(0, at)]));
      cut(8 + at);
      write(Buffer.concat([bytes.subarray(at), Buffer.from('12345678'), bytes]));

      expect(offsets()).toEqual([8 + bytes.byteLength]);
    }
  });

  test('does not end an object within a record that is longer than a chunk', () => {
    const { write, offsets } = create({ delimiter: '\n', chunkSize: 8 });
    for (let count = 0; count < 10; count++) write('12345');
    write('\nnext\n');

    expect(offsets()).toEqual([51]);
  });

  test('ends an object behind such a record, with the records before it', () => {
    const { write, offsets } = create({ delimiter: '\n', chunkSize: 8 });
    write('a\nb\n');
    for (let count = 0; count < 10; count++) write('12345');
    write('\nnext\n');

    expect(offsets()).toEqual([55]);
  });

  test('keeps the records of one append() together', () => {
    const { write, append, offsets } = create({ delimiter: '\n', chunkSize: 40 });
    write('12345678\n');
    append('1234\n1234\n1234\n');
    write('1234\n');
    append('1\n');

    expect(offsets()).toEqual([9, 29]);
  });

  test.each([
    { scenario: 'at once', before: '', appends: ['one\nbegun'] },
    { scenario: 'by another append()', before: '', appends: ['one\nbegun', ''] },
    { scenario: 'by two more', before: '', appends: ['one\nbe', 'gu', 'n'] },
    { scenario: 'within a record', before: 'x', appends: ['one\nbegun'] },
  ])('does not divide append() where a record of it goes on: $scenario', (row) => {
    const { write, append, offsets } = create({ delimiter: '\n', chunkSize: 40 });
    write(row.before);
    for (const text of row.appends) append(text);
    write('beyond the limit');
    expect(offsets()).toEqual([]);
    write('\nnext\n');

    expect(offsets()).toEqual([row.before.length + 26]);
  });

  test('may end an object behind append() once the record that it begins is not the last', () => {
    const { write, append, offsets } = create({ delimiter: '\n', chunkSize: 40 });
    append('one\nbegun');
    append('\ntwo\nthr');
    write('ee\nfour beyond');

    expect(offsets()).toEqual([20]);
  });
});

describe('ObjectEnds by the hour', () => {
  test('reads the clock for the first byte of a chunk, and marks where another hour begins', () => {
    const { write, cut, marks } = create({ isHourly: true });
    write('one');
    cut();
    vi.setSystemTime(hour + 5);
    write('two');

    expect(marks()).toEqual([{ offset: 3, reason: 'interval', startedAt: hour + 5 }]);
  });

  test('parts what is accepted in two hours within a chunk', () => {
    const { write, marks } = create({ isHourly: true });
    write('one');
    vi.advanceTimersByTime(hour);
    write('two');

    expect(marks()).toEqual([{ offset: 3, reason: 'interval', startedAt: hour }]);
  });

  test('leaves a record in the hour that it began in', () => {
    const { write, offsets } = create({ isHourly: true, delimiter: '\n' });
    write('one\ntw');
    vi.advanceTimersByTime(hour);
    write('o\nthree\n');

    expect(offsets()).toEqual([8]);
  });

  test('reads the clock behind a record that began in the chunk before', () => {
    const { write, cut, offsets } = create({ isHourly: true, delimiter: '\n' });
    write('one\ntw');
    cut(6);
    // Without the timer, which a machine that slept has not seen.
    vi.setSystemTime(hour);
    write('o\nthree\n');

    expect(offsets()).toEqual([8]);
  });

  test('moves a record that began in the hour before, if it does not fit', () => {
    const { write, marks } = create({ isHourly: true, delimiter: '\n', chunkSize: 40 });
    write('123456789012\nbegun');
    vi.advanceTimersByTime(hour);
    write(' long\n');

    expect(marks()).toMatchObject([{ offset: 13, reason: 'interval' }]);
  });

  test('says that the hour is over, where an object is full as well', () => {
    const { write, marks } = create({ isHourly: true });
    write('x'.repeat(20));
    vi.advanceTimersByTime(hour);
    write('next');

    expect(marks()).toMatchObject([{ offset: 20, reason: 'interval' }]);
  });

  test('does nothing while nothing is written, nor for a write of no bytes', () => {
    const { write, ends } = create({ isHourly: true });
    vi.advanceTimersByTime(10 * hour);
    write('');

    expect(ends.next).toBeUndefined();
  });

  test('begins at one place once, if no byte found room there in the hours before', () => {
    const { buffer, ends, write, cut, marks } = create({
      isHourly: true,
      delimiter: '\n',
      chunkSize: 8,
      limit: 8,
    });
    write('1234567\n');
    vi.advanceTimersByTime(hour);
    const rest = write('next\n') as Uint8Array;
    expect(rest.byteLength).toBe(5);
    vi.advanceTimersByTime(hour);
    cut();
    expect(ends.add(rest, 'utf8', false, true)).toBeUndefined();

    expect(marks()).toEqual([{ offset: 8, reason: 'interval', startedAt: 2 * hour }]);
    expect(buffer.byteLength).toBe(5);
  });

  test.each([
    { isHourly: false, pieceLength: 1 },
    { isHourly: false, pieceLength: 99 },
    { isHourly: true, pieceLength: 1 },
    { isHourly: true, pieceLength: 5 },
    { isHourly: true, pieceLength: 30 },
    { isHourly: true, pieceLength: 99 },
  ])(
    'ends an object before a record that is longer than a chunk, and that no chunk divides: hourly $isHourly, $pieceLength bytes a write',
    ({ isHourly, pieceLength }) => {
      const sizes = { maxSize: 26, chunkSize: 7, maxRecordSize: 100 };
      const { write, offsets } = create({ ...sizes, delimiter: '\n', isHourly });
      const lines = `x\n${'y'.repeat(38)}\n${'z'.repeat(12)}\n${'z'.repeat(9)}\n${'z'.repeat(4)}\n`;
      for (let start = 0; start < lines.length; start += pieceLength) {
        expect(write(lines.slice(start, start + pieceLength))).toBeUndefined();
      }

      // Of 2, of 39, and of 13 and 10 bytes.
      expect(offsets()).toEqual([2, 41, 64]);
    },
  );

  test('has no timer once it is closed', () => {
    const { ends, write } = create({ isHourly: true });
    write('one');
    expect(vi.getTimerCount()).toBe(1);
    ends.close();

    expect(vi.getTimerCount()).toBe(0);
  });
});
